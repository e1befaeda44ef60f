"""All findings of a config, the worst first, with the whole text of the one under the cursor and of its rule."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.reports.findings import WHEN
from llama_storage_tui.services.rule_book import BY_ID
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.catalog.backends import backend_rows
from llama_storage_tui.tui.export.jobs import ValueSave
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import BackendPointed, ConfigTextOpened, CopyRequested, EditorOpened
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.style.glyphs import Shown, Tone, severity_mark
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.filter_bar import FilterBar
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.tui.widgets.prose import Prose, finding_text, rule_text

COLUMNS: Final = (
    ListColumn("Severity", width=9),
    ListColumn("Reported", width=8),
    ListColumn("Line", width=5, is_number=True),
    ListColumn("Rule", most=26),
    ListColumn("Message", grows=True, least=20),
)


class FindingsScreen(WorkScreen):
    """A list and a text."""

    CSS_PATH = "findings.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("slash", "filter", "Filter", "screen.filter", "Show only findings that contain a text"),
        shown_key(
            "V",
            "config",
            "View in config",
            "config.view",
            "Show the config at the line of this finding, secrets masked",
        ),
        shown_key(
            "E",
            "edit",
            "Edit",
            "config.edit",
            "Open the config in $VISUAL or $EDITOR at the line of this finding, and read it again afterwards",
        ),
        shown_key(
            "y", "copy", "Copy", "screen.copy", "Copy this finding: rule, place, message and what to do"
        ),
        shown_key("e", "export", "Export", "screen.export", "Write the findings on show to a text file"),
        hidden_key("n", "step(1)", "Next hit", "find.next", "Go to the next finding of the filter"),
        hidden_key(
            "N", "step(-1)", "Previous hit", "find.previous", "Go to the previous finding of the filter"
        ),
    ]

    def __init__(
        self, catalog: Catalog, remembered: Remembered | None = None, rule: str | None = None
    ) -> None:
        """Show the findings of a catalog, the cursor on the first one of a rule where that is named."""
        super().__init__()
        self._catalog = catalog
        self._remembered = remembered or Remembered()
        self._rule = rule
        self._filter = "" if rule else self._remembered.recall((catalog.config, "findings"), "")
        self._found: tuple[Finding, ...] = ()
        by_backend = catalog.findings_by_backend()
        self._owners = {
            finding: name
            for name in reversed([row.name for row in backend_rows(catalog)])
            for finding in by_backend.get(name, ())
        }
        """The catalog's row that each finding belongs to, the first one of several; names without an entry have a row too."""

    def body(self) -> ComposeResult:
        yield FilterBar("Filter ", placeholder="part of a rule, path or message")
        yield Listing(id="findings")
        yield Prose(id="finding", classes="note")

    def on_mount(self) -> None:
        self.was_read_with_config()
        self._show()
        first = next((at for at, each in enumerate(self._found) if each.rule == self._rule), 0)
        self.query_one(Listing).point(str(first))
        self.query_one(Listing).focus()

    def _show(self) -> None:
        wanted = self._filter.casefold()
        self._found = tuple(
            sorted(
                (
                    finding
                    for finding in self._catalog.findings
                    if wanted
                    in f"{finding.rule} {finding.where} {finding.message} {finding.severity}".casefold()
                ),
                key=lambda finding: finding.severity.rank,
            )
        )
        self.headline.show(
            [self._catalog.distribution or "run config", "findings"],
            place=self._catalog.config,
            facts=self._facts(),
        )
        pattern = re.compile(re.escape(self._filter), re.IGNORECASE) if self._filter else None
        self.query_one("#finding", Prose).highlight(pattern)
        self.query_one("#findings", Listing).highlight(pattern)
        self.query_one("#findings", Listing).show(COLUMNS, [_cells(finding) for finding in self._found])
        self._tell()

    def _facts(self) -> list[Shown]:
        total = len(self._catalog.findings)
        facts = [Shown(plural(total, "finding"), Tone.MUTED)]
        for severity in Severity:
            number = sum(finding.severity is severity for finding in self._catalog.findings)
            if number:
                mark = severity_mark(severity)
                facts.append(Shown(f"{mark.text} {number}", mark.tone))
        if self._filter:
            facts.append(Shown(f"filter: {self._filter} ({len(self._found)} of {total})", Tone.KEY))
        return facts

    @property
    def _current(self) -> Finding | None:
        key = self.query_one("#findings", Listing).current
        return self._found[int(key)] if key is not None and int(key) < len(self._found) else None

    def _tell(self) -> None:
        finding = self._current
        text = self.query_one("#finding", Prose)
        if finding is not None:
            text.display = True
            rule = BY_ID.get(finding.rule)
            parts = [finding_text(finding), *([rule_text(rule, finding)] if rule else [])]
            text.put(Content("\n\n").join(parts))
            self.status.say("enter goes to the backend" if self._backend_of(finding) else "")
        else:
            text.display = False
            self.status.say(
                "No findings match: / changes the filter."
                if self._filter
                else "Nothing is wrong with this config."
            )

    def _backend_of(self, finding: Finding) -> str | None:
        return self._owners.get(finding)

    @on(DataTable.RowHighlighted, "#findings")
    def _highlighted(self) -> None:
        self._tell()

    @on(DataTable.RowSelected, "#findings")
    def _selected(self) -> None:
        finding = self._current
        backend = self._backend_of(finding) if finding is not None else None
        if backend is not None:
            self.post_message(BackendPointed(backend))
        elif finding is not None:
            self.status.say(line(f"This finding is not tied to one backend: {finding.where}", 200))

    def action_step(self, by: int) -> None:
        """Go to another finding of the filter, around the end."""
        listing = self.query_one("#findings", Listing)
        if self._found:
            listing.move_cursor(row=(listing.cursor_row + by) % len(self._found), animate=False)

    def action_config(self) -> None:
        """Show the config at the finding's line."""
        finding = self._current
        if finding is not None:
            self.post_message(ConfigTextOpened(finding.line))

    def action_edit(self) -> None:
        """Open the config in an editor at the finding's line."""
        finding = self._current
        self.post_message(EditorOpened((finding.line if finding is not None else None) or 1))

    def action_copy(self) -> None:
        """Copy the finding under the cursor."""
        finding = self._current
        if finding is not None:
            self.post_message(CopyRequested("finding", _written(finding)))

    def action_export(self) -> None:
        """Write the findings on show to a file."""
        text = "\n\n".join(map(_written, self._found)) + "\n"
        self.post_message(ExportOpened(ValueSave("Export findings", "findings", lambda: text)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are hits where there is a filter."""
        if action == "step":
            return bool(self._filter)
        if action in ("config", "copy", "export"):
            return True if self._found else None
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        self.query_one(FilterBar).open(self._filter)

    @on(FilterBar.Typed)
    def _typed(self, message: FilterBar.Typed) -> None:
        self._filter = message.text
        self._remembered.keep((self._catalog.config, "findings"), self._filter)
        self._show()

    @on(FilterBar.Sent)
    @on(FilterBar.Closed)
    def _filter_closed(self) -> None:
        self.query_one("#findings", Listing).focus()


def _written(finding: Finding) -> str:
    """Return a finding as text for a ticket."""
    place = finding.where if finding.line is None else f"{finding.where} (line {finding.line})"
    lines = [f"{finding.severity.value}: {finding.rule}: {place}", finding.message, help_words(finding.help)]
    return "\n".join(filter(None, lines))


def _cells(finding: Finding) -> tuple[Shown, ...]:
    return (
        severity_mark(finding.severity),
        Shown(WHEN[finding.stage], Tone.MUTED),
        Shown("–" if finding.line is None else str(finding.line), Tone.MUTED),
        Shown(finding.rule, Tone.KEY),
        Shown(finding.message),
    )
