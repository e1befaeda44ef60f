"""Changes that were left half done: what every start says of them, and where one of a password stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.errors import PendingError
from llama_storage_tui.model.pending import (
    DamagedJournal,
    OtherChange,
    OwnChange,
    PendingNotice,
    PendingTransfer,
)
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.reports.amounts import moment
from llama_storage_tui.reports.lines import BAD, LATER, WARNING, Block, Line, LineMark, Tone
from llama_storage_tui.reports.rotation import PasswordCommand, patch_block
from llama_storage_tui.services.rotation.pending import Pending
from llama_storage_tui.services.rotation.pending_status import PendingStanding
from llama_storage_tui.services.rotation.service import Waiting
from llama_storage_tui.text import capitalised

_STANDS: Final = {
    PendingStanding.STAGING: Line("nothing reached the server", Tone.MUTED, LATER),
    PendingStanding.COMMITTED: Line("the server has the new password", Tone.WARNING, WARNING),
    PendingStanding.NOT_COMMITTED: Line("the server has the old password", Tone.MUTED, LATER),
    PendingStanding.UNCHECKED: Line("the server takes any password", Tone.WARNING, WARNING),
    PendingStanding.LOST: Line("neither password logs in", Tone.BAD, BAD),
    PendingStanding.UNKNOWN: Line("unknown", Tone.BAD, BAD),
}


def notice_summary(notice: PendingNotice) -> str:
    """Return what is pending in one sentence, without its journal."""
    match notice:
        case OwnChange(is_open=True):
            return f"A password change of {notice.role} waits for you since {moment(notice.since)}"
        case OwnChange():
            return f"A password change of {notice.role} is pending since {moment(notice.since)}"
        case OtherChange():
            return f"A password change of {notice.path} is pending"
        case DamagedJournal():
            return f"The journal {notice.path} is damaged"
        case PendingTransfer():
            what = (
                "A move of one of this config's backends"
                if notice.is_move
                else "A transfer of this config's data"
            )
            return f"{what} has been unfinished since {moment(notice.since)}"


def notice_help(notice: PendingNotice) -> Help:
    """Return what is pending, with its journal and what goes on with it."""
    sentence, step, of = _said(notice)
    return sentence if step is None else Advice(f"{sentence}.", step, of)


def pending_error(pending: Pending) -> PendingError:
    """Return the error for a command that cannot go on before what is pending."""
    journal = pending.journals[0].id if pending.journals else pending.markers[0].journal
    sentence, step, of = _said(next(pending.notices()))
    return PendingError(sentence, where=journal, help=None if step is None else Advice("", step, of))


def _said(notice: PendingNotice) -> tuple[str, Step | None, str]:
    """Return what is pending without its full stop, what goes on with it, and in which config."""
    first = notice_summary(notice)
    match notice:
        case OwnChange(is_open=True):
            sentence = (
                f"{first} (journal {notice.journal}); write the new password where this program could not"
            )
            return sentence, Step.CONFIRM_CHANGE, notice.config
        case OwnChange():
            return f"{first} (journal {notice.journal})", Step.FINISH_CHANGE, notice.config
        case OtherChange():
            sentence = f"{first} (journal {notice.file} of {notice.owner}), which only that user can finish"
            return sentence, Step.FINISH_CHANGE, ""
        case DamagedJournal():
            sentence = (
                f"{first}. Keep it, and the files whose names contain .llama-storage-tui beside the config: the new password may be"
                " nowhere else. If it is of this change, find out which password logs in and put it into every file; move those"
                " away once all of that is done"
            )
            return sentence, None, ""
        case PendingTransfer():
            step = Step.RESUME_MOVE if notice.is_move else Step.RESUME_TRANSFER
            return f"{first} (journal {notice.journal})", step, notice.config


def standing_line(standing: PendingStanding) -> Line:
    """Return a standing in a few words."""
    return _STANDS[standing]


def waiting_blocks(waiting: Waiting, command: PasswordCommand) -> Iterator[Block]:
    """Yield a pending change: whose it is, where it stands, its files, and what is left to the operator."""
    journal, found = waiting.journal, waiting.stand
    sentence = f"{capitalised(found.sentence)}."
    help_ = [Line(found.help, Tone.KEY, LineMark("→", Tone.KEY), 2)] if found.help else []
    yield Block(
        (
            Line(f"role {journal.role} on {journal.addresses[0].server}", Tone.KEY),
            Line(
                f"begun {moment(journal.created)} by {journal.owner}, journal {journal.id}",
                Tone.MUTED,
                indent=2,
            ),
            Line(sentence, indent=2),
            *help_,
        )
    )
    if journal.files:
        yield Block(
            tuple(Line(str(file.path), indent=2) for file in journal.files),
            "files that are written from here",
        )
    if journal.patches:
        yield patch_block(journal.patches, "by hand", command)
