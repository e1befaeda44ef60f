"""A run config beside the one of a later release: each change is explained at its line, and can be left out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.model.migration import BackendLayout, ConfigChange, ConfigMigration
from llama_storage_tui.services.config_writing import WrittenConfig
from llama_storage_tui.services.migration.config import MigrationRequest, plan_config_later, write_config
from llama_storage_tui.services.migration.side_by_side import SideRow, side_by_side
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.messages import ReloadRequested
from llama_storage_tui.tui.screens.confirmation import AskingDialog
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.tui.widgets.prose import Prose
from llama_storage_tui.tui.widgets.sheet import Row

LONGEST: Final = 600
BRING: Final = "Rows may still have to be transferred: U, then d, shows the plan."


class MigrateScreen(SessionScreen):
    """The two files side by side."""

    CSS_PATH = "migrate.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "space",
            "toggle_change",
            "Leave/take",
            "migrate.toggle",
            "Leave the change of this line out, or take it again",
        ),
        shown_key("n", "next", "Next change", "migrate.next", "Go to the next change"),
        hidden_key("p", "previous", "Previous", "migrate.previous", "Go to the change before"),
        shown_key(
            "w,ctrl+s", "write", "Write", "migrate.write", "Replace the file; the old one is kept beside it"
        ),
        shown_key(
            "m",
            "layout",
            "Layout",
            "migrate.layout",
            "One backend for each old file (keep), or one for keys and one for tables (merge)",
        ),
        hidden_key("ctrl+r", "reload", "Read again", "screen.reload", "Read the config again"),
    ]

    def __init__(self, session: Session, request: LoadRequest, to: str) -> None:
        super().__init__(session)
        self._request = MigrationRequest(request, to)
        self._plan: ConfigMigration | None = None
        self._known: dict[str, ConfigChange] = {}
        """Every change that was proposed, those that are left out included."""
        self._rows: tuple[SideRow, ...] = ()

    def body(self) -> ComposeResult:
        yield Listing(id="sides")
        yield Prose(id="reason", classes="note")

    def on_mount(self) -> None:
        self.listing.focus()
        self._head(Shown("◌ reading", Tone.KEY))
        self._start()

    def _start(self) -> None:
        self.begin(f"Working out the config for {self._request.to}")
        self._work_out(self._request)

    def _head(self, *facts: Shown) -> None:
        config = self._session.catalog.config
        self.headline.show([self.outermost, f"migrate to {self._request.to}"], place=config, facts=facts)

    @service_worker("migrate")
    async def _work_out(self, request: MigrationRequest) -> None:
        self.hand_on(self._planned, await plan_config_later(request))

    def _planned(self, plan: ConfigMigration) -> None:
        self._plan = plan
        kept = {id_: change for id_, change in self._known.items() if id_ in self._request.left}
        self._known = {change.id: change for change in plan.changes} | kept
        self._rows = side_by_side(plan, [*self._known.values()])
        numbers = ListColumn("Line", width=4, is_number=True)
        self.listing.show(
            (
                ListColumn("", width=1),
                numbers,
                ListColumn(f"{plan.before.product} {plan.before}", grows=True),
                numbers,
                ListColumn(f"{plan.after.product} {plan.after}", grows=True),
            ),
            [self._cells(row) for row in self._rows],
        )
        self._head(*self._facts(plan))
        self._tell()
        if not self._request.left:
            self._go(1, begin=-1)
        self.finish(
            "Nothing is written yet." if plan.is_changed else "This config already fits that release."
        )

    def _facts(self, plan: ConfigMigration) -> list[Shown]:
        facts = [Shown(plural(len(plan.changes), "change")), Shown(f"layout {plan.layout}", Tone.MUTED)]
        if self._request.left:
            facts.append(Shown(f"{len(self._request.left)} left out", Tone.KEY))
        if plan.not_carried:
            facts.append(Shown(f"▲ {plural(len(plan.not_carried), 'entry')} not carried", Tone.WARNING))
        if not plan.loads:
            facts.append(Shown("✗ the new file does not load", Tone.BAD))
        elif plan.starts is False:
            facts += [Shown("● loads", Tone.GOOD), Shown("✗ does not start", Tone.BAD)]
        else:
            facts += [Shown("● loads", Tone.GOOD), Shown("● should start", Tone.GOOD)]
        return facts

    def _cells(self, row: SideRow) -> tuple[Shown, ...]:
        return (
            self._mark(row),
            Shown("" if row.old_line is None else str(row.old_line), Tone.MUTED),
            Shown(self.redact(row.old), Tone.BAD if row.is_changed else Tone.PLAIN),
            Shown("" if row.new_line is None else str(row.new_line), Tone.MUTED),
            Shown(self.redact(row.new), Tone.GOOD if row.is_changed else Tone.PLAIN),
        )

    def _mark(self, row: SideRow) -> Shown:
        if not row.changes:
            lost = self._lost_at(row)
            return Shown("▲", Tone.WARNING) if lost else Shown("")
        is_left = all(change.id in self._request.left for change in row.changes)
        return Shown("○", Tone.MUTED) if is_left else Shown("●", Tone.KEY)

    def _lost_at(self, row: SideRow) -> list[str]:
        if self._plan is None or row.old_line is None:
            return []
        return [lost.reason for lost in self._plan.not_carried if lost.line == row.old_line]

    @property
    def _current(self) -> SideRow | None:
        key = self.listing.current
        return self._rows[int(key)] if key is not None and int(key) < len(self._rows) else None

    def _tell(self) -> None:
        row = self._current
        self.listing.can_open = row is not None and bool(row.changes)
        text = self.query_one("#reason", Prose)
        parts: list[Content] = []
        if row is not None and row.is_changed:
            # Whole: the two columns cut long lines.
            sides = (("- ", row.old, Tone.BAD), ("+ ", row.new, Tone.GOOD))
            parts += [
                Content.styled(sign + line(self.redact(side.strip()), LONGEST), tone.style)
                for sign, side, tone in sides
                if side.strip()
            ]
        if row is not None:
            for change in row.changes:
                is_left = change.id in self._request.left
                sign = ("○ left out  ", Tone.MUTED.style) if is_left else ("● ", Tone.KEY.style)
                reason = line(self.redact(change.reason), LONGEST)
                parts.append(
                    Content.assemble(
                        sign, (f"{line(change.path, 100)}  ", Tone.KEY.style), (reason, Tone.PLAIN.style)
                    )
                )
            parts += [
                Content.assemble(
                    ("▲ not carried  ", Tone.WARNING.style),
                    (line(self.redact(lost), LONGEST), Tone.PLAIN.style),
                )
                for lost in self._lost_at(row)
            ]
        if not parts and self._plan is not None:
            parts = [
                Content.styled(f"Layout {self._plan.layout}: {self._plan.layout_reason}.", Tone.MUTED.style),
                *(
                    Content.styled(
                        f"▲ {line(lost.path, 100)}: {line(self.redact(lost.reason), LONGEST)}",
                        Tone.WARNING.style,
                    )
                    for lost in self._plan.not_carried
                    if lost.line is None
                ),
            ]
        text.put(Content("\n").join(parts))

    @on(DataTable.RowHighlighted, "#sides")
    def _highlighted(self) -> None:
        self._tell()
        self.refresh_bindings()

    @on(DataTable.RowSelected, "#sides")
    def _selected(self) -> None:
        self.action_toggle_change()

    def _go(self, by: int, *, begin: int | None = None) -> None:
        """Move to the next row with a change, in either direction."""
        listing = self.listing
        place = listing.cursor_row if begin is None else begin
        places = range(place + 1, len(self._rows)) if by > 0 else range(place - 1, -1, -1)
        found = next((each for each in places if self._rows[each].changes), None)
        if found is not None:
            listing.point(str(found))

    def action_next(self) -> None:
        self._go(1)

    def action_previous(self) -> None:
        self._go(-1)

    def action_toggle_change(self) -> None:
        """Leave the changes of a line out, or take them again: the new file is worked out anew."""
        row = self._current
        if row is None or not row.changes or self.is_waiting:
            return
        ids = frozenset(change.id for change in row.changes)
        left = self._request.left - ids if ids <= self._request.left else self._request.left | ids
        self._request = replace(self._request, left=left)
        self._start()

    def action_layout(self) -> None:
        """Choose the other layout."""
        if self._plan is None or self.is_waiting:
            return
        other = BackendLayout.MERGE if self._plan.layout is BackendLayout.KEEP else BackendLayout.KEEP
        self._request = replace(self._request, layout=other, left=frozenset())
        self._known = {}
        self._start()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done at this line; nothing about changes where the release takes the file as it is."""
        has_none = self._plan is not None and not any(row.changes for row in self._rows)
        if action in ("toggle_change", "next", "previous") and has_none:
            return False
        if action == "toggle_change":
            row = self._current if self.is_mounted else None
            return True if row is not None and row.changes and not self.is_waiting else None
        if action == "write":
            if self._plan is not None and not self._plan.is_changed:
                return False
            return True if self._plan is not None and not self.is_waiting else None
        return super().check_action(action, parameters)

    def action_write(self) -> None:
        """Ask, then replace the file."""
        plan = self._plan
        if plan is None or not plan.is_changed:
            return

        def answered(agrees: bool | None) -> None:  # noqa: FBT001 - Textual calls it with the answer
            if agrees:
                self.begin("Writing the config")
                self._write(plan)

        kept = f"The old file is kept beside it, as NAME.before-{plan.after}. Rows are not moved."
        lost = (
            [Row(Shown(f"{plural(len(plan.not_carried), 'entry')} could not be carried.", Tone.WARNING))]
            if plan.not_carried
            else []
        )
        rows = [Row(Shown(kept)), *lost, Row(Shown("")), Row(Shown("y: write now, esc: cancel", Tone.MUTED))]
        self.app.push_screen(AskingDialog(f"Replace {line(plan.config, 60)}?", rows), answered)

    @service_worker("migrate")
    async def _write(self, plan: ConfigMigration) -> None:
        self.hand_on(self._written, await asyncio.to_thread(write_config, plan, self._request.load))

    def _written(self, written: WrittenConfig) -> None:
        kept = f" The old file is {written.backup}." if written.backup is not None else ""
        self.finish(is_read=False)
        # The catalog shows the new file from now on, and says this: nobody would read it here.
        self.post_message(ReloadRequested(f"The config was written.{kept} {BRING}"))

    def action_reload(self) -> None:
        self._start()
