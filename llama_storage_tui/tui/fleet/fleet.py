"""Several configs at once: a table of configs and backends, and what is between the one under the cursor and the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import DataTable

from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.fleet import CollisionKind, Drift, FleetFinding, FleetReport
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.reports.lines import ARROW, BAD, Block, Line, Tone
from llama_storage_tui.secrets import Redactor
from llama_storage_tui.services.fleet.member import FleetInputs, FleetMember
from llama_storage_tui.services.fleet.reading import FleetReading
from llama_storage_tui.services.loaded_config import Opened
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.text import plural
from llama_storage_tui.tui.fleet.rows import COLUMNS, FleetRow, common_folder, fleet_rows
from llama_storage_tui.tui.messages import CatalogLoaded, FleetResumed
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, severity_glyph
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.blocks import rows_of
from llama_storage_tui.tui.widgets.listing import Listing
from llama_storage_tui.tui.widgets.sheet import RowGroups

if TYPE_CHECKING:
    # The name of an annotation only: the first frame must not wait for what it brings.
    from llama_storage_tui.services.fleet.contact import FleetContact

FIRST_LOOK: Final = 0.3
"""Seconds until what has been read so far is shown for the first time; then twice as many each time, since each costs a drawing."""


class FleetScreen(WorkScreen):
    """The configs of a fleet, and what is between them."""

    CSS_PATH = "fleet.tcss"
    is_root = True

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "f",
            "all_findings",
            "All findings",
            "fleet.findings",
            "Show what is between all configs, or the one under the cursor alone",
        ),
        shown_key(
            "T",
            "ask",
            "Ask servers",
            "fleet.test",
            "Log in to every server, read-only, and ask it who it is: two names may be one server",
        ),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read all files again"),
    ]

    def __init__(self, reading: FleetReading, timeouts: Timeouts) -> None:
        super().__init__()
        self._reading, self._timeouts = reading, timeouts
        self._inputs = FleetInputs(())
        self._members: tuple[FleetMember, ...] = ()
        self._report: FleetReport | None = None
        self._contact: FleetContact | None = None
        self._rows: tuple[FleetRow, ...] = ()
        self._shows_all = False
        self._redactor = Redactor()

    def body(self) -> ComposeResult:
        yield Listing(id="fleet")
        yield RowGroups(id="between")

    def on_mount(self) -> None:
        self._show()
        self.query_one(Listing).focus()
        # Only when this is drawn: what reading imports would hold the first frame back.
        self.call_after_refresh(self._begin)

    def on_screen_resume(self) -> None:
        """Tell the app that no config is open any more."""
        self.post_message(FleetResumed())

    def on_unmount(self) -> None:
        """Do not let a file that cannot be read keep the program from ending."""
        self._reading.close()

    def redact(self, text: str) -> str:
        """Mask the secrets of all configs."""
        return self._redactor(text)

    def neighbours(self, request: LoadRequest, path: str) -> tuple[str, ...]:
        """Return the other configs whose password is that of a backend (its path in one config), in a place of their own."""
        named = {member.name: member.request for member in self._members if member.request.key is None}
        mine = next((name for name, each in named.items() if each.config == request.config), None)
        found: dict[str, None] = {}
        for each in self._report.findings if self._report is not None else ():
            if each.collision is None or each.collision.kind is not CollisionKind.ROTATION:
                continue
            if any(place.config == mine and place.where.startswith(f"{path}.") for place in each.places):
                found |= dict.fromkeys(each.collision.configs)
        return tuple(named[name].config for name in found if name != mine and name in named)

    def action_reload(self) -> None:
        self._reading = self._reading.again()
        self._begin()

    def _begin(self) -> None:
        self.begin("Reading the configs")
        self._report = self._contact = None
        self._read(self._reading)

    @service_worker("fleet")
    async def _read(self, source: FleetReading) -> None:
        inputs = await asyncio.to_thread(source.inputs)
        self.hand_on(self._inputs_found, inputs)
        reading = source.members(inputs)
        found: list[FleetMember] = []
        seconds = FIRST_LOOK
        while len(found) < len(inputs.requests):
            more = await asyncio.to_thread(_some, reading, seconds)
            if not more:
                return  # It was closed: the program ends.
            found += more
            seconds *= 2
            self.hand_on(self._members_read, tuple(found))
        self.hand_on(self._judged, await asyncio.to_thread(_judge, found))

    def _inputs_found(self, inputs: FleetInputs) -> None:
        self._inputs, self._members = inputs, ()
        self._show()

    def _members_read(self, members: tuple[FleetMember, ...]) -> None:
        self._members = members
        self._redactor = Redactor(
            secret for member in members if member.catalog for secret in member.catalog.secrets
        )
        self._show()

    def _judged(self, report: FleetReport, contact: FleetContact | None = None) -> None:
        self._report, self._contact = report, contact
        self._show()
        left_out = self._inputs.left_out
        notes = [f"{plural(len(left_out), 'file')} left out, not run configs."] if left_out else []
        if contact is not None and contact.unanswered:
            number = plural(len(contact.unanswered), "server")
            notes.append(f"{number} gave no identifier; the reasons are below the findings.")
        self.finish(" ".join(notes))

    def action_ask(self) -> None:
        """Ask every server who it is."""
        self.begin("Asking the servers")
        self._ask()

    @work(exclusive=True, group="fleet", exit_on_error=False)
    async def _ask(self) -> None:
        # Imported in a thread: it brings the engines.
        asking = await asyncio.to_thread(import_module, "llama_storage_tui.services.fleet.contact")
        contact: FleetContact = await asking.ask_servers(self._members, self._timeouts)
        report = await asyncio.to_thread(_judge, self._members, contact)
        self.hand_on(self._judged, report, contact)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only configs that were read and compared can be asked about."""
        if action in ("ask", "all_findings"):
            return True if self._report is not None and not self.is_waiting else None
        return super().check_action(action, parameters)

    def action_all_findings(self) -> None:
        self._shows_all = not self._shows_all
        self._show_between()

    def _show(self) -> None:
        self._rows = tuple(fleet_rows(self._inputs.requests, self._members, self._report))
        self.headline.show(
            ["llama-storage-tui", "several configs"],
            place=common_folder(self._inputs.requests) or ", ".join(self._reading.names),
            facts=list(self._facts()),
        )
        self.query_one(Listing).show(
            COLUMNS, [row.cells for row in self._rows], [row.key for row in self._rows]
        )
        self._show_between()
        self.refresh_bindings()

    def _facts(self) -> Iterator[Shown]:
        yield Shown(plural(len(self._inputs.requests), "config"))
        unreadable = sum(member.error is not None for member in self._members)
        if unreadable:
            yield Shown(f"✗ {unreadable} unreadable", Tone.BAD)
        if self._report is None:
            yield Shown("… checking", Tone.MUTED)
            return
        for severity in Severity:
            number = sum(found.finding.severity is severity for found in self._report.findings)
            if number:
                glyph = severity_glyph(severity)
                word = f"{number} info" if severity is Severity.INFO else plural(number, severity.value)
                yield Shown(f"{glyph.text} {word} between them", glyph.tone)
        if not self._report.findings:
            yield Shown("● nothing between them", Tone.GOOD)
        yield Shown("by the files alone" if self._contact is None else "servers were asked", Tone.MUTED)

    @property
    def _current(self) -> FleetMember | None:
        key = self.query_one(Listing).current
        row = next((row for row in self._rows if row.key == key), None)
        return self._members[row.config] if row is not None and row.config < len(self._members) else None

    @on(DataTable.RowHighlighted, "#fleet")
    def _highlighted(self) -> None:
        if not self._shows_all:
            self._show_between()

    def _show_between(self) -> None:
        # Nothing of it is a driver's sentence: those were redacted where they arrived.
        self.query_one(RowGroups).show(rows_of(self._blocks()))

    def _blocks(self) -> Iterator[Block]:
        member, report = self._current, self._report
        if member is not None and member.error is not None and not self._shows_all:
            error = member.error
            help_ = [Line(error.help, mark=ARROW)] if error.help else []
            yield Block((Line(error.message, Tone.BAD, BAD), *help_))
            return
        if report is None:
            return
        # Imported here, when reading has imported what it brings.
        from llama_storage_tui.reports.fleet import BY_FILES, contact_block, drift_block, finding_block

        findings: tuple[FleetFinding, ...] = report.findings
        drift: tuple[Drift, ...] = report.drift
        if not self._shows_all:
            findings = () if member is None else report.of(member.name)
            drift = tuple(
                each
                for each in drift
                if member is not None and member.name in {value.config for value in each.values}
            )
        title = "between all configs" if self._shows_all else "between this config and the others"
        if not findings:
            yield Block((Line("Nothing was found.", Tone.MUTED),), title)
        for number, found in enumerate(findings):
            block = finding_block(found)
            yield block if number else Block(block.lines, title)
        differing = drift_block(drift)
        if differing is not None:
            yield differing
        yield (
            contact_block(self._contact, report) if self._contact else Block((Line(BY_FILES, Tone.MUTED),))
        )

    @on(DataTable.RowSelected, "#fleet")
    def _selected(self) -> None:
        member = self._current
        if member is None:
            return
        if member.catalog is None:
            self.status.say("This config cannot be read: the reason is below the table.")
            return
        catalog = member.catalog
        # It has its findings; what is asked for with them is whether a password change is half done.
        self.post_message(CatalogLoaded(Opened(catalog, lambda: catalog), member.request))

    def cancelled(self) -> None:
        """Show what was read so far."""
        self._show()


def _judge(members: Sequence[FleetMember], contact: FleetContact | None = None) -> FleetReport:
    from llama_storage_tui.reports import fleet as _wording  # noqa: F401 - what is said of it is needed next
    from llama_storage_tui.services.fleet.judging import judge_fleet

    return judge_fleet(members, contact.identities if contact is not None else None)


def _some(reading: Iterator[FleetMember], seconds: float) -> list[FleetMember]:
    """Read on for a while: as many configs as that allows, one at least."""
    until = time.monotonic() + seconds
    found: list[FleetMember] = []
    for member in reading:
        found.append(member)
        if time.monotonic() >= until:
            break
    return found


def neighbours(screens: Sequence[Screen[object]], request: LoadRequest | None, path: str) -> tuple[str, ...]:
    """Return the other configs that a change of one password alone would break, where a fleet is below the screens."""
    fleet = next((each for each in screens if isinstance(each, FleetScreen)), None)
    return () if fleet is None or request is None else fleet.neighbours(request, path)
