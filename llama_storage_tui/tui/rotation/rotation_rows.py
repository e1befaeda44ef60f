"""Password changes as rows of a sheet: plans, steps, ends, and changes that are pending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.files.journal import Journal
from llama_storage_tui.model.rotation import (
    Action,
    Check,
    LineChange,
    Outcome,
    Patch,
    Plan,
    Result,
    RoleSession,
    Site,
)
from llama_storage_tui.services.rotation.pending_status import Standing
from llama_storage_tui.services.rotation.service import Waiting
from llama_storage_tui.services.rotation.steps import words
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.text_width import plural
from llama_storage_tui.tui.widgets.sheet import Row, heading

GOOD, BAD, NOW, LATER = (
    Shown("✓", Tone.GOOD),
    Shown("✗", Tone.BAD),
    Shown("◌", Tone.KEY),
    Shown("○", Tone.MUTED),
)
_ACTIONS: Final = {
    Action.WRITE: Shown("written ", Tone.GOOD),
    Action.DRIFTED: Shown("drifted ", Tone.BAD),
    Action.BY_HAND: Shown("by hand ", Tone.WARNING),
    Action.LEAVE: Shown("left    ", Tone.MUTED),
    Action.UNKNOWN: Shown("unknown ", Tone.WARNING),
}
ENDS: Final = {
    Outcome.APPLIED: "The password was changed at the server and in every place.",
    Outcome.RECOVERED: "The pending change was finished: server and files have the new password.",
    Outcome.UNDONE: "The pending change was undone: server and files have the old password.",
    Outcome.NONE: "Nothing was pending any more.",
}

Groups = Iterator[Sequence[Row]]


def plan_rows(plan: Plan) -> Groups:
    """Lay out a plan; what stops it comes first."""
    if plan.refusal is not None:
        yield [*_refusal(plan)]
    credential = plan.credential
    yield [
        Row(Shown(f"role {credential.role} on server {credential.server}", Tone.KEY)),
        Row(Shown(f"reached as {', '.join(credential.locations)}"), indent=2),
        *_backends(credential.backends),
    ]
    yield [heading(plural(len(plan.sites), "place")), *(row for site in plan.sites for row in _site(site))]
    if plan.changes:
        yield [heading("line changes"), *(row for change in plan.changes for row in _change(change))]
    if plan.patches:
        yield patch_rows(plan.patches, "by hand, once the server has changed")
    yield from _restart(plan)
    yield [heading("checks"), *(row for check in plan.checks for row in _check(check))]
    if plan.strategy:
        yield [
            heading("how"),
            *(
                Row(Shown(text), Shown(str(number), Tone.MUTED), 2)
                for number, text in enumerate(plan.strategy, 1)
            ),
        ]
    if plan.privileges:
        yield [heading("rights"), *(Row(Shown(text), indent=2) for text in plan.privileges)]
    if plan.notices:
        yield [
            heading("notices"),
            *(Row(Shown(text), Shown("▲", Tone.WARNING), 2) for text in plan.notices),
        ]


def _refusal(plan: Plan) -> Iterator[Row]:
    yield Row(Shown("This cannot be done now. Nothing was touched.", Tone.BAD), BAD)
    for check in plan.checks:
        if not check.is_ok:
            yield from _failed_check(check)


def _failed_check(check: Check) -> Iterator[Row]:
    yield Row(Shown(check.message), indent=2)
    if check.help:
        yield Row(Shown(check.help, Tone.KEY), Shown("→", Tone.KEY), 2)


def _backends(names: tuple[str, ...]) -> Iterator[Row]:
    if names:
        yield Row(Shown(f"used by {', '.join(names)}", Tone.MUTED), indent=2)


def _site(site: Site) -> Iterator[Row]:
    place = f"{site.file}:{site.line}" if site.file else "the process environment"
    yield Row(Shown(site.path), _ACTIONS[site.action], 2)
    yield Row(Shown(f"{site.via}, {place}", Tone.MUTED), indent=11)
    if site.note:
        tone = Tone.MUTED if site.action in (Action.WRITE, Action.LEAVE) else Tone.WARNING
        yield Row(Shown(site.note, tone), indent=11)


def _check(check: Check) -> Iterator[Row]:
    tone = Tone.PLAIN if check.is_ok else Tone.BAD
    yield Row(Shown(f"{check.name}: {check.message}", tone), GOOD if check.is_ok else BAD, 2)


def _change(change: LineChange) -> Iterator[Row]:
    yield Row(Shown(f"{change.file}, line {change.line}"), indent=2)
    yield Row(Shown(change.before.strip(), Tone.MUTED), Shown("-", Tone.MUTED), 4)
    yield Row(Shown(change.after.strip(), Tone.KEY), Shown("+", Tone.KEY), 4)


def patch_rows(patches: Iterable[Patch], title: str) -> Sequence[Row]:
    """Lay out what is left to the operator."""
    rows, reason = [heading(title)], ""
    for patch in patches:
        rows += _change(patch.change) if patch.change else [Row(Shown(patch.place), indent=2)]
        if patch.reason != reason:
            rows.append(Row(Shown(patch.reason, Tone.MUTED), indent=4))
        reason = patch.reason
        rows += [Row(Shown(way), Shown("·", Tone.MUTED), 4) for way in patch.ways]
    return rows


def _restart(plan: Plan) -> Groups:
    if not plan.strategy:
        return
    in_use = "" if plan.connections is None else " ({} of {} connections are in use)"
    nobody = Row(
        Shown(
            "the server shows no session of this role; a process that connects later must read the new password"
        ),
        indent=2,
    )
    yield [
        heading(f"to restart afterwards{in_use.format(*plan.connections or ())}"),
        *(session_rows(plan.restart) or [nobody]),
    ]


def session_rows(sessions: Iterable[RoleSession]) -> list[Row]:
    """Lay out sessions whose processes need a restart."""
    return [
        Row(
            Shown(
                f"{session.application or 'unnamed'} from {session.client or 'the same host'}"
                f"{f', database {session.database}' if session.database else ''}, backend {session.pid}"
            ),
            Shown("·", Tone.MUTED),
            2,
        )
        for session in sessions
    ]


def step_rows(
    done: Sequence[str], expected: Sequence[str], *, is_running: bool, has_failed: bool
) -> Sequence[Row]:
    """Lay out steps: those that happened, the one that runs or failed, those to come."""
    rows = [Row(Shown(words(step)), GOOD, 2) for step in done]
    to_come = [step for step in expected if step not in done]
    if has_failed:
        failed = words(to_come[0]) if to_come else "the next step"
        rows.append(Row(Shown(f"not reached: {failed}", Tone.BAD), BAD, 2))
    elif is_running:
        for number, step in enumerate(to_come):
            rows.append(Row(Shown(words(step), Tone.MUTED), LATER if number else NOW, 2))
        if not to_come:
            rows.append(Row(Shown("working", Tone.MUTED), NOW, 2))
    return [heading("steps"), *rows]


def expected_steps(plan: Plan) -> list[str]:
    """Return the steps that a plan goes through where nothing stops it."""
    files = list(dict.fromkeys(change.file for change in plan.changes))
    numbers = range(1, len(files) + 1)
    return [
        "locked",
        "journaled",
        *(step for number in numbers for step in (f"marked-{number}", f"staged-{number}")),
        "prepared",
        *plan.server_steps,
        "verified",
        *(f"swapped-{number}" for number in numbers),
        *(("waiting",) if plan.patches else ("read-again", "audited", "cleaned", "closed")),
    ]


def result_rows(result: Result, *, audit_log: Path, journals: Path) -> Groups:
    """Lay out how a change ended."""
    if result.outcome is Outcome.PENDING:
        yield from _open_rows(result, journals)
    else:
        sentence = ENDS.get(result.outcome, result.outcome.value)
        doubtful = Row(
            Shown(f"{sentence} That could not be verified.", Tone.WARNING), Shown("▲", Tone.WARNING)
        )
        yield [
            Row(Shown(sentence, Tone.GOOD), GOOD) if result.is_verified else doubtful,
            Row(Shown(f"journal {result.journal}, closed and without secrets", Tone.MUTED), indent=2),
            Row(Shown(f"its line is in {audit_log}", Tone.MUTED), indent=2),
        ]
    if result.notices:
        yield [Row(Shown(notice), Shown("▲", Tone.WARNING)) for notice in result.notices]
    if result.restart:
        yield [
            heading("restart the processes behind these sessions: their next login would fail"),
            *session_rows(result.restart),
        ]


def _open_rows(result: Result, journals: Path) -> Groups:
    yield [
        Row(
            Shown("The server has the new password; the change waits for you.", Tone.WARNING),
            Shown("▲", Tone.WARNING),
        ),
        *(Row(Shown(sentence), indent=2) for sentence in result.waiting),
        Row(
            Shown(f"journal {result.journal} in {journals} has both passwords until then", Tone.MUTED),
            indent=2,
        ),
    ]
    yield patch_rows(result.patches, "by hand")
    if result.next:
        yield [Row(Shown(result.next, Tone.KEY), Shown("then", Tone.MUTED))]


def error_rows(error: StorageToolError, redact: Callable[[str], str]) -> Sequence[Row]:
    """Lay out why something did not happen."""
    is_pending = error.kind == "pending"
    first = (
        "The change is unfinished; recovery resumes from the journal."
        if is_pending
        else "Nothing was changed."
    )
    rows = [
        Row(
            Shown(first, Tone.WARNING if is_pending else Tone.BAD),
            Shown("▲", Tone.WARNING) if is_pending else BAD,
        ),
        Row(Shown(redact(error.message)), indent=2),
    ]
    if error.help:
        rows.append(Row(Shown(redact(error.help), Tone.KEY), Shown("→", Tone.KEY), 2))
    return rows


_STANDS: Final = {
    Standing.STAGING: Shown("○ nothing reached the server", Tone.MUTED),
    Standing.COMMITTED: Shown("▲ the server has the new password", Tone.WARNING),
    Standing.NOT_COMMITTED: Shown("○ the server has the old password", Tone.MUTED),
    Standing.UNCHECKED: Shown("▲ the server takes any password", Tone.WARNING),
    Standing.LOST: Shown("✗ neither password logs in", Tone.BAD),
    Standing.UNKNOWN: Shown("✗ unknown", Tone.BAD),
}


def standing_mark(standing: Standing) -> Shown:
    """Return glyph and words of a standing."""
    return _STANDS[standing]


def waiting_rows(waiting: Waiting) -> Groups:
    """Lay out a pending change."""
    journal, found = waiting.journal, waiting.stand
    yield [
        Row(Shown(f"role {journal.role} on {journal.addresses[0].server}", Tone.KEY)),
        Row(Shown(f"begun {journal.created} by {journal.owner}, journal {journal.id}", Tone.MUTED), indent=2),
        Row(Shown(_sentence(journal, found.standing, found.sentence)), indent=2),
    ]
    if journal.files:
        yield [
            heading("files that are written from here"),
            *(Row(Shown(str(file.path)), indent=2) for file in journal.files),
        ]
    if journal.patches:
        yield patch_rows(journal.patches, "by hand")


def _sentence(journal: Journal, standing: Standing, sentence: str) -> str:
    match standing:
        case Standing.COMMITTED if journal.state == "waiting":
            return "It waits until you have written the new password by hand; then confirm it, and every place is read again."
        case Standing.LOST:
            return (
                "Somebody else changed it, or the role expired or was dropped; nothing was written. Give the password that"
                " works, and it goes to every place."
            )
        case _:
            return sentence[:1].upper() + sentence[1:] + "."
