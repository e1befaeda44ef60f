"""Conversations that are gone and left items behind, as a list: found by one scan, then shown a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

from llama_storage_tui.model.conversations import OrphanReport, Orphans
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.orphans import Progress, find_orphans
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import ConversationOpened
from llama_storage_tui.tui.records.record_lists import PAGE, Listed
from llama_storage_tui.tui.records.response_wording import created_shown, id_text
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Items", most=9, is_number=True),
    ListColumn("First item", most=20),
    ListColumn("Last item", most=20),
    ListColumn("Deleted conversation", grows=True, least=16, cuts_middle=True),
    ListColumn("Stored in", most=40, cuts_middle=True, is_wide_only=True),
)


class OrphanList:
    """What a scan found; the first page of it scans anew. `progress` hears how far the scan is."""

    names: tuple[str, ...] = ("conversations", "items of deleted conversations")
    plural = "items of deleted conversations"

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._report: OrphanReport | None = None

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page; raises StorageToolError."""
        if self._report is None or after is None:
            self._report = await find_orphans(session, progress=self._progress)
        start = int(after or 0)
        shown = self._report.orphans[start : start + PAGE]
        ids = tuple(id_text(each.conversation) for each in shown)
        return Listed(
            COLUMNS,
            tuple(_cells(each) for each in shown),
            ids,
            tuple(map(_detail, shown)),
            tuple(
                ConversationOpened(each.conversation) if isinstance(each.conversation, str) else None
                for each in shown
            ),
            str(start + PAGE) if len(self._report.orphans) > start + PAGE else None,
            (*notice_words(self._report.notices), _outcome(self._report)),
        )


def _outcome(report: OrphanReport) -> str:
    seen = f"{plural(report.scanned, 'item')} looked at"
    if not report.orphans:
        return (
            f"{seen}: every one has its conversation." if report.scanned or report.is_complete else f"{seen}."
        )
    left = sum(each.items for each in report.orphans)
    return f"{seen}: {left:,} from {plural(len(report.orphans), 'deleted conversation')}."


def _cells(found: Orphans) -> Callable[[tzinfo | None], tuple[Shown, ...]]:
    return lambda zone: (
        Shown(f"{found.items:,}"),
        created_shown(found.first, zone),
        created_shown(found.last, zone),
        Shown("▲ NULL: they name none", Tone.WARNING)
        if found.conversation is None
        else Shown(id_text(found.conversation)),
        Shown(f"{found.place.backend}.{found.place.table}", Tone.MUTED),
    )


def _detail(found: Orphans) -> str:
    name = "no conversation" if found.conversation is None else id_text(found.conversation)
    return f"{name}  {plural(found.items, 'item')} left in {found.place.backend}.{found.place.table}"
