"""The main screen: every backend at a glance, and everything about the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import DataTable, Static

from llama_storage_tui.model.pending import PendingNotice, PendingTransfer
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.remembered_choices import ConfigChoice
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui import messages
from llama_storage_tui.tui.catalog.activity import ActivityPane
from llama_storage_tui.tui.catalog.backends import BackendList
from llama_storage_tui.tui.catalog.detail import TABS, BackendDetail
from llama_storage_tui.tui.catalog.headline import facts
from llama_storage_tui.tui.catalog.references import ReferencePane
from llama_storage_tui.tui.catalog.testing import TestingScreen
from llama_storage_tui.tui.style.keys import hidden_key, shown_key

if TYPE_CHECKING:
    # The name of an annotation only: the first screen reads nothing yet.
    from llama_storage_tui.services.overview.activity import Activity


LEADS: Final[dict[str, type[Message]]] = {
    "findings": messages.FindingsOpened,
    "responses": messages.ResponsesOpened,
    "attention": messages.AttentionOpened,
    "stats": messages.StatisticsOpened,
    "conversations": messages.ConversationsOpened,
    "completions": messages.CompletionsOpened,
    "objects": messages.FamiliesOpened,
    "pending": messages.PendingOpened,
    "transfer": messages.PendingTransferOpened,
    "version": messages.VersionOpened,
    "upgrade": messages.UpgradeOpened,
    "left_behind": messages.LeftBehindOpened,
    "pick": messages.PickerOpened,
    "reload": messages.ReloadRequested,
}
"""What is asked for where a key leads to another screen, by the name in its action."""


class CatalogScreen(TestingScreen):
    """The storage catalog of one run config."""

    CSS_PATH = "catalog.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - typed by Textual, as no class variable
    is_root = True

    BINDINGS: ClassVar[list[BindingType]] = [
        # In the order in which they give way on a narrow line, the last first.
        shown_key(
            "R", "show('pending')", "Pending", "catalog.pending", "Finish or undo an unfinished change"
        ),
        shown_key("T", "test_all", "Test all", "catalog.test-all", "Connect to all backends at once"),
        shown_key(
            "m", "move", "Move", "catalog.move", "Move this backend with its data to another engine or place"
        ),
        shown_key(
            "f", "show('findings')", "Findings", "catalog.findings", "List all findings of this config"
        ),
        shown_key(
            "w",
            "show('responses')",
            "Responses",
            "catalog.responses",
            "List stored responses: what was asked, why it failed",
        ),
        shown_key(
            "A",
            "show('attention')",
            "Attention",
            "catalog.attention",
            "Which responses deserve a look: failed, stuck, broken",
        ),
        hidden_key(
            "S",
            "show('stats')",
            "Statistics",
            "catalog.stats",
            "How responses ended: by hour, model and owner",
        ),
        shown_key(
            "C",
            "show('conversations')",
            "Conversations",
            "catalog.conversations",
            "List the stored conversations",
        ),
        shown_key(
            "M",
            "show('completions')",
            "Completions",
            "catalog.completions",
            "List stored chat completions: each call of a model",
        ),
        shown_key(
            "O",
            "show('objects')",
            "Objects",
            "catalog.objects",
            "List other objects: files, batches, prompts, jobs",
        ),
        shown_key("t", "test", "Test", "catalog.test", "Connect to the backend under the cursor and report"),
        shown_key("r", "rotate", "Rotate", "catalog.rotate", "Change this backend's password everywhere"),
        shown_key(
            "v", "show('version')", "Version", "catalog.version", "Why this server version, and what it means"
        ),
        hidden_key(
            "U",
            "show('upgrade')",
            "Upgrade",
            "catalog.upgrade",
            "Preview another version: what would be lost, and the steps",
        ),
        hidden_key(
            "L",
            "show('left_behind')",
            "Left behind",
            "catalog.left-behind",
            "What the server's version does not reach, and what accumulates",
        ),
        hidden_key(
            "V",
            "config",
            "View in config",
            "config.view",
            "Show the config at the line of this backend, secrets masked",
        ),
        hidden_key(
            "E",
            "edit",
            "Edit",
            "config.edit",
            "Open the config in $VISUAL or $EDITOR at the line of this backend, and read it again afterwards",
        ),
        shown_key("o", "show('pick')", "Configs", "catalog.configs", "Choose another run config"),
        hidden_key("ctrl+r", "show('reload')", "Reload", "screen.reload", "Read the file again"),
        *(
            hidden_key(str(number), f"tab('{name}')", name.capitalize(), f"catalog.tab-{name}")
            for number, name in enumerate(TABS, 1)
        ),
    ]

    def __init__(
        self,
        session: Session,
        *,
        pending: tuple[PendingNotice, ...] = (),
        servers: ConfigChoice | None = None,
        note: str = "",
    ) -> None:
        super().__init__(session, servers, note)
        self._pending = pending
        """What is half done: changes of passwords, and a transfer of data."""
        self._detailed: str | None = None
        """The backend whose detail is on show."""

    def body(self) -> ComposeResult:
        yield BackendList(id="backends")
        yield Static("This config has no storage backends.", id="empty", classes="empty")
        yield BackendDetail()
        yield ActivityPane()

    def on_mount(self) -> None:
        """Fill everything that needs no contact."""
        self.was_read()
        self._show_headline()
        self.set_class(not self._rows, "-empty")
        self.backends.show_backends(self._rows, self.moment)
        if self._rows:
            self._detailed = self._rows[0].name
            self.detail.show(self._rows[0], self.moment)
            self.backends.focus()
        self._say_notices()
        if self._session.catalog.is_judged:
            self.call_after_refresh(self.look_around)

    def _say_notices(self) -> None:
        """Say what the operator should know: a change that is half done before everything else, then why this was read again."""
        if self._pending:
            # Imported here: hardly any start has something pending to report.
            from llama_storage_tui.reports.pending import notice_summary

            first = self.redact(notice_summary(self._pending[0]))
            next_ = "R shows where it stands, and finishes or undoes it."
            self.status.warn(first, f"{next_} {self._note}".rstrip())
        else:
            self.status.say(
                " ".join(filter(None, [self._note, *notice_words(self._session.catalog.notices)]))
            )

    def _show_headline(self) -> None:
        catalog = self._session.catalog
        self.headline.show(
            [self.outermost], place=catalog.config, facts=facts(catalog, is_brief=self.has_class("-narrow"))
        )

    def show_findings(self, pending: tuple[PendingNotice, ...] = ()) -> None:
        """Show the findings and notices of the session's catalog, which were still being worked out."""
        self._pending = self._pending or pending
        self.take_catalog()
        self.set_class(not self._rows, "-empty")
        self._show_headline()
        self.backends.show_backends(self._rows, self.moment)
        row = self.current_row
        if row is not None:
            self.detail.show(row, self.moment)
        if not self.is_waiting and (self._pending or self._session.catalog.notices):
            self._say_notices()
        self.refresh_bindings()
        self.look_around()

    def point(self, name: str) -> None:
        """Move the cursor to a backend and show its findings."""
        self.backends.point(name)
        self.detail.open("findings")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only an entry of the file can be tested."""
        if parameters == ("pending",):
            return bool(self._pending)
        if action == "move" and self._session.catalog.is_legacy:
            return False
        if action in ("test", "rotate", "move"):
            row = self.current_row
            return True if row is not None and row.backend is not None else None
        if action == "test_all":
            return True if any(row.backend for row in self._rows) else None
        return super().check_action(action, parameters)

    @on(DataTable.RowHighlighted, "#backends")
    def _backend_highlighted(self) -> None:
        row = self.current_row
        # The list tells of its cursor each time that it is filled anew, also where it stayed.
        if row is not None and row.name != self._detailed:
            self._detailed = row.name
            self.detail.show(row, self.moment)
            self.refresh_bindings()

    @on(DataTable.RowSelected, "#backends")
    def _backend_selected(self) -> None:
        row = self.current_row
        if row is not None and row.backend is not None:
            self.post_message(messages.BackendOpened(row.name))
        elif row is not None:
            self._say_undefined(row.name)

    def _say_undefined(self, name: str) -> None:
        self.status.warn(
            f"Nothing to open: {name} is not defined in storage.backends.",
            "3 shows its findings, 1 what refers to it.",
        )

    @on(DataTable.RowSelected, "#references-list")
    def _reference_selected(self) -> None:
        row, reference = self.current_row, self.query_one(ReferencePane).current
        if row is None or reference is None:
            return
        if row.backend is None:
            self._say_undefined(row.name)
            return
        if reference.physical is None:
            self.status.say(f"Nothing to open: no server reads {reference.path}.")
            return
        tables = reference.physical.tables
        self.post_message(messages.BackendOpened(row.name, tables[0] if tables else reference.namespace))

    def read_again(self) -> None:
        """Ask for the config to be read again: its findings are about the stores, too."""
        self.post_message(messages.ReloadRequested())

    def action_tab(self, name: str) -> None:
        self.detail.open(name)

    def action_show(self, name: str) -> None:
        """Ask for another screen by its name here."""
        if name == "pending" and isinstance(self._pending[0], PendingTransfer):
            name = "transfer"
        self.post_message(LEADS[name]())

    def action_rotate(self) -> None:
        """Ask for the plan of a password change."""
        row = self.current_row
        if row is None or row.backend is None:
            return
        # Imported here: the first screen waits for nothing of passwords.
        from llama_storage_tui.services.rotation.no_credential import why_never

        reason = why_never(row.backend.type)
        if reason is None:
            self.post_message(messages.RotationOpened(row.name))
        else:
            self.status.say(f"Backend {row.name} has no password to change: {reason}.")

    def action_move(self) -> None:
        """Ask where this backend is to go."""
        row = self.current_row
        if row is not None and row.backend is not None:
            self.post_message(messages.BackendMoveOpened(row.name))

    @property
    def _line(self) -> int | None:
        """Where the config has the backend under the cursor; of a name without an entry, what refers to it."""
        row = self.current_row
        if row is None:
            return None
        lines = [None if row.backend is None else row.backend.line]
        lines += [each.line for each in row.references]
        return next((line for line in lines if line is not None), None)

    def action_config(self) -> None:
        """Show the config at the line of what is under the cursor."""
        self.post_message(messages.ConfigTextOpened(self._line))

    def action_edit(self) -> None:
        """Open the config in an editor there."""
        self.post_message(messages.EditorOpened(self._line or 1))

    def action_test(self) -> None:
        """Test the backend under the cursor."""
        row = self.current_row
        if row is not None and row.backend is not None:
            self._note = ""
            self.detail.open("connection")
            self.start_test([row.name])

    def action_test_all(self) -> None:
        """Test every backend, now and whenever this config is opened."""
        self._note = ""
        self.choose_servers(are_wanted=True)
        self.test_all()

    def show_activity(self, activity: Activity) -> None:
        """Show what has happened lately, with the keys that lead on."""
        keys = {
            found.binding.id: self.app.get_key_display(found.binding)
            for found in self.active_bindings.values()
            if found.binding.id is not None
        }
        self.query_one(ActivityPane).show(activity, self.moment, keys)
