"""The main screen: every backend at a glance, and everything about the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.widgets import DataTable, Static

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.pending import PendingNotice, PendingTransfer
from llama_storage_tui.services.probe import ProbeResult, probe_all
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.catalog.backends import BackendList, BackendRow, backend_rows, with_answer
from llama_storage_tui.tui.catalog.detail import TABS, BackendDetail
from llama_storage_tui.tui.catalog.headline import facts
from llama_storage_tui.tui.catalog.leads import LEADS
from llama_storage_tui.tui.catalog.messages import ProbeArrived, ProbesDone
from llama_storage_tui.tui.catalog.references import ReferencePane
from llama_storage_tui.tui.messages import BackendMoveOpened, BackendOpened, Failed, RotationOpened
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.style.glyphs import ProbeState
from llama_storage_tui.tui.widgets.headline import Headline
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.status_line import StatusLine


class CatalogScreen(WorkScreen):
    """The storage catalog of one run config."""

    CSS_PATH = "catalog.tcss"
    is_root = True

    BINDINGS: ClassVar[list[BindingType]] = [
        # In the order in which they give way on a narrow line, the last first.
        Binding(
            "R",
            "show('pending')",
            "Pending",
            id="catalog.pending",
            tooltip="Finish or take back a change that is half done",
        ),
        Binding(
            "t",
            "test",
            "Test",
            id="catalog.test",
            tooltip="Connect to the backend under the cursor and report",
        ),
        Binding(
            "r",
            "rotate",
            "Rotate",
            id="catalog.rotate",
            tooltip="Change this backend's password everywhere",
        ),
        Binding(
            "m",
            "move",
            "Move",
            id="catalog.move",
            tooltip="Move this backend with its data to another engine or place",
        ),
        Binding(
            "f",
            "show('findings')",
            "Findings",
            id="catalog.findings",
            tooltip="List all findings of this config",
        ),
        Binding(
            "w",
            "show('responses')",
            "Responses",
            id="catalog.responses",
            tooltip="List stored responses: what was asked, why it failed",
        ),
        Binding(
            "A",
            "show('attention')",
            "Attention",
            id="catalog.attention",
            tooltip="Which responses deserve a look: failed, stuck, broken",
        ),
        Binding(
            "C",
            "show('conversations')",
            "Conversations",
            id="catalog.conversations",
            tooltip="List the stored conversations",
        ),
        Binding(
            "M",
            "show('completions')",
            "Completions",
            id="catalog.completions",
            tooltip="List stored chat completions: each call of a model",
        ),
        Binding(
            "O",
            "show('objects')",
            "Objects",
            id="catalog.objects",
            tooltip="List other objects: files, batches, prompts, jobs",
        ),
        Binding(
            "T", "test_all", "Test all", id="catalog.test-all", tooltip="Connect to all backends at once"
        ),
        Binding(
            "v",
            "show('version')",
            "Version",
            id="catalog.version",
            tooltip="Why this server version, and what it means",
        ),
        Binding(
            "U",
            "show('upgrade')",
            "Upgrade",
            id="catalog.upgrade",
            show=False,
            tooltip="Preview another version: what would be lost, and the steps",
        ),
        Binding(
            "L",
            "show('left_behind')",
            "Left behind",
            id="catalog.left-behind",
            show=False,
            tooltip="What the server's version does not reach, and what accumulates",
        ),
        Binding("o", "show('pick')", "Configs", id="catalog.configs", tooltip="Choose another run config"),
        Binding(
            "ctrl+r",
            "show('reload')",
            "Reload",
            id="screen.reload",
            show=False,
            tooltip="Read the file again",
        ),
        *(
            Binding(str(number), f"tab('{name}')", name.capitalize(), show=False, id=f"catalog.tab-{name}")
            for number, name in enumerate(TABS, 1)
        ),
    ]

    backends = query_one("#backends", BackendList)
    detail = query_one(BackendDetail)

    def __init__(self, session: Session, *, pending: tuple[PendingNotice, ...] = ()) -> None:
        super().__init__()
        self._session = session
        self._pending = pending
        """What is half done: changes of passwords, and a transfer of data."""
        self._rows = backend_rows(session.catalog)
        self._logins: dict[str, ProbeResult] = {}
        self._detailed: str | None = None
        """The backend whose detail is on show."""

    def redact(self, text: str) -> str:
        """Mask this config's secrets."""
        return self._session.redact(text)

    def compose(self) -> ComposeResult:
        yield Headline()
        yield BackendList(id="backends")
        yield Static("This config has no storage backends.", id="empty", classes="empty")
        yield BackendDetail()
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Fill everything that needs no contact."""
        self._show_headline()
        self.set_class(not self._rows, "-empty")
        self.backends.show_backends(self._rows)
        if self._rows:
            self._detailed = self._rows[0].name
            self.detail.show(self._rows[0])
            self.backends.focus()
        self._say_notices()

    def _say_notices(self) -> None:
        """Say what the operator should know, a password change that is half done before everything else."""
        if self._pending:
            # Imported here: hardly any start has something pending to report.
            from llama_storage_tui.reports.pending import notice_summary

            first = self.redact(notice_summary(self._pending[0]))
            self.status.warn(first, "R shows where it stands, and goes on with it.")
        else:
            self.status.say(" ".join(self._session.catalog.notices))

    def _show_headline(self) -> None:
        catalog = self._session.catalog
        self.query_one(Headline).show(
            [catalog.distribution or "run config"], place=catalog.config, facts=facts(catalog)
        )

    def show_findings(self, pending: tuple[PendingNotice, ...] = ()) -> None:
        """Show the findings and notices of the session's catalog, which were still being worked out."""
        self._pending = self._pending or pending
        before = {row.name: row for row in self._rows}
        # Another version may have been found to fit: its backends, references and places, and no answer of another place.
        self._rows = tuple(
            with_answer(row, before.get(row.name)) for row in backend_rows(self._session.catalog)
        )
        self.set_class(not self._rows, "-empty")
        self._show_headline()
        self.backends.show_backends(self._rows)
        row = self._current
        if row is not None:
            self.detail.show(row)
        if not self.is_waiting and (self._pending or self._session.catalog.notices):
            self._say_notices()
        self.refresh_bindings()

    def point(self, name: str) -> None:
        """Move the cursor to a backend and show its findings."""
        self.backends.point(name)
        self.detail.open("findings")

    @property
    def _current(self) -> BackendRow | None:
        return next((row for row in self._rows if row.name == self.backends.current), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only an entry of the file can be tested."""
        if parameters == ("pending",):
            return bool(self._pending)
        if action == "move" and self._session.catalog.is_legacy:
            return False
        if action in ("test", "rotate", "move"):
            row = self._current
            return True if row is not None and row.backend is not None else None
        if parameters == ("findings",):
            return True if self._session.catalog.is_judged else None
        if action == "test_all":
            return True if any(row.backend for row in self._rows) else None
        return super().check_action(action, parameters)

    @on(DataTable.RowHighlighted, "#backends")
    def _backend_highlighted(self) -> None:
        row = self._current
        # The list tells of its cursor each time that it is filled anew, also where it stayed.
        if row is not None and row.name != self._detailed:
            self._detailed = row.name
            self.detail.show(row)
            self.refresh_bindings()

    @on(DataTable.RowSelected, "#backends")
    def _backend_selected(self) -> None:
        row = self._current
        if row is not None and row.backend is not None:
            self.post_message(BackendOpened(row.name))

    @on(DataTable.RowSelected, "#references-list")
    def _reference_selected(self) -> None:
        row, reference = self._current, self.query_one(ReferencePane).current
        if row is None or row.backend is None or reference is None or reference.physical is None:
            return
        tables = reference.physical.tables
        self.post_message(BackendOpened(row.name, tables[0] if tables else reference.namespace))

    def action_tab(self, name: str) -> None:
        self.detail.open(name)

    def action_show(self, name: str) -> None:
        """Ask for another screen by its name here."""
        if name == "pending" and isinstance(self._pending[0], PendingTransfer):
            name = "transfer"
        self.post_message(LEADS[name]())

    def action_rotate(self) -> None:
        """Ask for the plan of a password change."""
        row = self._current
        if row is None or row.backend is None:
            return
        # Imported here: the first screen waits for nothing of passwords.
        from llama_storage_tui.services.rotation.no_credential import why_never

        reason = why_never(row.backend.type)
        if reason is None:
            self.post_message(RotationOpened(row.name))
        else:
            self.status.say(f"Backend {row.name} has no password to change: {reason}.")

    def action_move(self) -> None:
        """Ask where this backend is to go."""
        row = self._current
        if row is not None and row.backend is not None:
            self.post_message(BackendMoveOpened(row.name))

    def action_test(self) -> None:
        """Test the backend under the cursor."""
        row = self._current
        if row is not None and row.backend is not None:
            self.detail.open("connection")
            self._start([row.name])

    def action_test_all(self) -> None:
        backends = [row.name for row in self._rows if row.backend is not None]
        self._start([*backends, *(login.name for login in self._session.catalog.logins)])

    def _start(self, names: Sequence[str]) -> None:
        self._settle()
        self._change(names, state=ProbeState.TESTING)
        self.begin(f"Testing {names[0]}" if len(names) == 1 else f"Testing {plural(len(names), 'backend')}")
        self._probe(names)

    @work(exclusive=True, group="probe", exit_on_error=False)
    async def _probe(self, names: Sequence[str]) -> None:
        try:
            async for result in probe_all(self._session, names):
                self.post_message(ProbeArrived(result))
        except StorageToolError as error:
            self.post_message(Failed(error))
        else:
            self.post_message(ProbesDone())

    @on(ProbeArrived)
    def _arrived(self, message: ProbeArrived) -> None:
        result = message.result
        if self._session.catalog.login(result.backend) is not None:
            # A provider's own login has no row: what it answered is said at the end.
            self._logins[result.backend] = result
            return
        state = ProbeState.OK if result.is_ok else ProbeState.FAILED
        self._rows = tuple(
            replace(row, state=state, result=result) if row.name == result.backend else row
            for row in self._rows
        )
        self._redraw()

    @on(ProbesDone)
    def _done(self) -> None:
        tested = [row for row in self._rows if row.result is not None]
        failed = sum(row.state is ProbeState.FAILED for row in tested)
        said = [f"{plural(len(tested), 'backend')} tested, {failed or 'none'} failed."]
        for name, result in self._logins.items():
            said.append(f"{name}: {'answered' if result.error is None else result.error.message}")
        self._logins.clear()
        self.finish(" ".join(line(each, 200) for each in said))

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self._settle()
        self.fail(message.error)

    def cancelled(self) -> None:
        """Those that had not answered are untested again."""
        self._settle()

    def _settle(self) -> None:
        waiting = [row.name for row in self._rows if row.state is ProbeState.TESTING]
        self._change(waiting, state=ProbeState.UNTESTED)

    def _change(self, names: Sequence[str], *, state: ProbeState) -> None:
        self._rows = tuple(
            replace(row, state=state, result=None) if row.name in names else row for row in self._rows
        )
        self._redraw()

    def _redraw(self) -> None:
        self.backends.show_backends(self._rows)
        if (row := self._current) is not None:
            self.detail.show_connection(row)
