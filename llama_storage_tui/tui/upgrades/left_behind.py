"""What the chosen version does not reach, and how much everything that is stored takes, in one list."""

from __future__ import annotations

from contextlib import aclosing
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.reports import left_behind as wording
from llama_storage_tui.reports.amounts import size
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.accumulation import StoredSpace
from llama_storage_tui.services.left_behind import LeftBehind, left_behind
from llama_storage_tui.services.rule_book import BY_ID
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.messages import BackendOpened, DataMigrationOpened
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone, severity_mark
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.tui.widgets.prose import Prose, finding_text, rule_text

COLUMNS: Final = (
    ListColumn("Backend", most=26, cuts_middle=True),
    ListColumn("What", grows=True, least=24),
    ListColumn("Items", most=12, is_number=True),
    ListColumn("Size", most=9, is_number=True),
    ListColumn("A day", most=8, is_number=True),
    ListColumn("Newest", most=10, is_wide_only=True),
)
DASH: Final = Shown("–", Tone.MUTED)


class LeftBehindScreen(SessionScreen):
    """Findings first, the worst on top, then each namespace and table, the largest first."""

    CSS_PATH = "left_behind.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "d",
            "bring",
            "Migrate data",
            "upgrade.bring",
            "Plan how to transfer the data that this version does not reach",
        ),
        hidden_key("ctrl+r", "reload", "Look again", "screen.reload", "Read the stores again"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown: tuple[Finding | StoredSpace, ...] = ()
        paths = {backend.path: backend.name for backend in session.catalog.backends}
        self._names = paths | {each.path: each.backend or "" for each in session.catalog.references}
        """The backend of each path that a finding of the data can stand on."""

    def body(self) -> ComposeResult:
        yield Listing(id="left-behind")
        yield Prose(id="left-behind-text", classes="note")

    def on_mount(self) -> None:
        self.listing.focus()
        self._start()

    def _start(self) -> None:
        self._head(Shown("◌ reading", Tone.KEY))
        self.begin("Reading a page of every namespace and table")
        self._look()

    def _head(self, *facts: Shown) -> None:
        catalog = self._session.catalog
        version = catalog.version.chosen
        self.headline.show(
            [self.outermost, "left behind"],
            place=catalog.config,
            facts=(Shown(f"{version.product} {version}", Tone.MUTED), *facts),
        )

    @service_worker("left-behind")
    async def _look(self) -> None:
        async with aclosing(left_behind(self._session)) as found:
            async for each in found:
                self.hand_on(self._arrived, each)

    def _arrived(self, found: LeftBehind) -> None:
        findings = sorted(found.findings, key=lambda finding: finding.severity.rank)
        spaces = sorted(found.spaces, key=lambda space: -(space.bytes or 0))
        self._shown = (*findings, *spaces)
        self.listing.show(
            COLUMNS, [self._cells(each) for each in self._shown], [_key(each) for each in self._shown]
        )
        self._head(*self._facts(found))
        self._tell()
        if found.is_final:
            self.finish(
                " ".join(map(self.redact, notice_words(found.notices))) or "enter goes to the backend"
            )
        else:
            self.begin("Looking into the rows")

    def _facts(self, found: LeftBehind) -> list[Shown]:
        known = [space.bytes for space in found.spaces if space.bytes is not None]
        facts = [Shown(f"{plural(len(found.spaces), 'place')}, about {size(sum(known))}", Tone.PLAIN)]
        if found.is_final:
            number = len(found.findings)
            facts.append(Shown(plural(number, "finding"), Tone.WARNING if number else Tone.GOOD))
        return facts

    def _cells(self, each: Finding | StoredSpace) -> tuple[Shown, ...]:
        if isinstance(each, Finding):
            mark = severity_mark(each.severity)
            said = Shown(f"{mark.text[:1]} {self.redact(each.message)}", mark.tone)
            return (Shown(self._backend_of(each), Tone.KEY), said, DASH, DASH, DASH, DASH)
        is_free = not each.referenced_by
        said = Shown(
            wording.name(each) + (", nothing refers to it" if is_free else ""),
            Tone.WARNING if is_free else Tone.PLAIN,
        )
        numbers = (wording.items(each), size(each.bytes), wording.growth(each), wording.newest(each))
        return (Shown(each.backend, Tone.KEY), said, *map(Shown, numbers))

    def _backend_of(self, finding: Finding) -> str:
        return self._names.get(finding.where, "")

    @property
    def _current(self) -> Finding | StoredSpace | None:
        key = self.listing.current
        return next((each for each in self._shown if _key(each) == key), None)

    def _tell(self) -> None:
        each = self._current
        text = self.query_one("#left-behind-text", Prose)
        text.display = each is not None
        if isinstance(each, Finding):
            rule = BY_ID.get(each.rule)
            parts = [finding_text(each), *([rule_text(rule, each)] if rule else [])]
            text.put(Content("\n\n").join(parts))
        elif each is not None:
            text.put(Content.styled(line(wording.sentence(each), 2000), Tone.PLAIN.style))

    @on(DataTable.RowHighlighted, "#left-behind")
    def _highlighted(self) -> None:
        self._tell()

    @on(DataTable.RowSelected, "#left-behind")
    def _selected(self) -> None:
        each = self._current
        if isinstance(each, StoredSpace):
            self.post_message(BackendOpened(each.backend, each.name or None))
        elif each is not None and self._backend_of(each):
            self.post_message(BackendOpened(self._backend_of(each)))

    def failed(self, error: StorageToolError) -> None:
        self._head(Shown("✗ unknown", Tone.BAD))
        self.fail(error)

    def action_bring(self) -> None:
        """Ask for the plan of a migration of data."""
        self.post_message(DataMigrationOpened())

    def action_reload(self) -> None:
        self._start()


def _key(each: Finding | StoredSpace) -> str:
    if isinstance(each, Finding):
        return f"{each.rule} {each.where} {each.message}"
    return f"{each.backend} {each.is_table} {each.name}"
