"""What this deployment would be under another version: first with estimates, then with exact counts."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.errors import StorageToolError, UsageError
from llama_storage_tui.model.upgrade import UpgradeReport
from llama_storage_tui.reports.lines import Block
from llama_storage_tui.reports.upgrade import step_lines, upgrade_blocks, verdict_line
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.upgrades.forecast import forecast, load_pair
from llama_storage_tui.tui.messages import DataMigrationOpened, MigrationOpened
from llama_storage_tui.tui.screens.one_field import FieldDialog
from llama_storage_tui.tui.screens.report import ReportScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.blocks import line_mark, rows_of
from llama_storage_tui.upstream.versions import NEWEST, known_releases, newest


class UpgradeScreen(ReportScreen):
    """The preview of an upgrade, to the newest release at first."""

    CSS_PATH = "upgrade.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("v", "choose", "Version", "upgrade.version", "Preview another version"),
        shown_key(
            "m",
            "migrate",
            "Migrate config",
            "upgrade.migrate",
            "The config for that version, beside this one",
        ),
        shown_key(
            "d",
            "bring",
            "Migrate data",
            "upgrade.bring",
            "Plan how to transfer the data to where that version reads it",
        ),
        hidden_key("ctrl+r", "reload", "Look again", "screen.reload", "Read config and stores again"),
    ]

    def __init__(self, session: Session, request: LoadRequest) -> None:
        super().__init__(session)
        self._request = request
        self._to = str(NEWEST)

    def on_mount(self) -> None:
        self._start()

    def _start(self) -> None:
        self._head(Shown("◌ reading", Tone.KEY))
        self.begin(f"Reading the config as {self._to} does")
        self._look()

    def _head(self, *facts: Shown) -> None:
        config = self._session.catalog.config
        self.headline.show([self.outermost, f"upgrade to {self._to}"], place=config, facts=facts)

    @service_worker("upgrade")
    async def _look(self) -> None:
        # In a thread: judging a config for another version builds that version's models.
        pair = await asyncio.to_thread(load_pair, self._request, self._to)
        async with aclosing(forecast(pair, self._session.timeouts)) as reports:
            async for report in reports:
                self.hand_on(self._arrived, report)

    def _arrived(self, report: UpgradeReport) -> None:
        versions = f"{report.from_.chosen.product} {report.from_.chosen} → {report.to.product} {report.to}"
        self._head(Shown(versions, Tone.MUTED), line_mark(verdict_line(report)))
        _, *blocks = upgrade_blocks(report)
        steps = Block(tuple(step_lines(report.steps)), "Steps")
        is_first = not report.is_final
        self.rows.show(rows_of([*blocks, steps], self.redact), keeps_place=not is_first)
        if is_first:
            self.begin("Counting exactly, and looking into the rows")
        else:
            self.finish(_said(report))

    def failed(self, error: StorageToolError) -> None:
        self._head(Shown("✗ unknown", Tone.BAD))
        self.fail(error)

    def action_reload(self) -> None:
        self._start()

    def action_migrate(self) -> None:
        self.post_message(MigrationOpened(self._to))

    def action_bring(self) -> None:
        """Ask for the plan of a migration of data to that version."""
        self.post_message(DataMigrationOpened(self._to))

    def action_choose(self) -> None:
        """Ask for another version."""
        text = f"Preview an upgrade to which version? Known: {known_releases()}. enter continues."
        self.app.push_screen(FieldDialog("Upgrade to", text, "Version"), self._chosen)

    def _chosen(self, typed: str | None) -> None:
        if not typed:
            return
        try:
            self._to = str(newest(typed))
        except UsageError as error:
            self.fail(error)
            return
        self._start()


def _said(report: UpgradeReport) -> str:
    is_calm = not report.loses and report.former is None
    return "Nothing was changed, and nothing would be lost." if is_calm else "Nothing was changed."
