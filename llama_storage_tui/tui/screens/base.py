"""What all working screens share: a status line, and one `escape` that first cancels what runs and else goes back."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from typing import ClassVar, Protocol, runtime_checkable

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from llama_storage_tui.errors import BackendError, StorageToolError
from llama_storage_tui.text import age, next_age, since
from llama_storage_tui.tui.messages import Unexpected
from llama_storage_tui.tui.screens.workers import ServiceCaller
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.headline import Headline
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.status_line import StatusLine


@runtime_checkable
class Clocked(Protocol):
    """An app with a clock of its own."""

    def now(self) -> float:
        """Return epoch seconds."""


class WorkScreen(ServiceCaller, Screen[None]):
    """A screen that waits for services. Subclasses lay out a `body`, and call `begin` before they start a worker."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - typed by Textual, as no class variable

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("escape", "back", "Back", "screen.back", "Cancel what runs; where nothing runs, go back"),
    ]

    is_root = False
    """Whether `escape` has nothing to go back to."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited: str | None = None
        self.read_at: float | None = None
        """When what is on show was read, in epoch seconds; None before anything was."""
        self._aging: Timer | None = None
        # Before there are widgets: a class that changes under them has every one of them styled anew.
        fitting = [name for least, name in self.HORIZONTAL_BREAKPOINTS if least <= self.app.size.width]
        fitting[:-1] = []
        fitting += [name for least, name in self.VERTICAL_BREAKPOINTS or () if least <= self.app.size.height][
            -1:
        ]
        for name in fitting:
            self.add_class(name, update=False)

    @property
    def must_stay(self) -> str:
        """Why this cannot be left now, in a sentence; empty where it can."""
        return ""

    def compose(self) -> ComposeResult:
        yield Headline()
        yield from self.body()
        yield StatusLine()
        yield KeyFooter()

    def body(self) -> ComposeResult:
        """Lay out what is between the headline and the status line."""
        raise NotImplementedError

    @property
    def headline(self) -> Headline:
        """The screen's headline."""
        return self.query_one(Headline)

    @property
    def status(self) -> StatusLine:
        """The screen's status line."""
        return self.query_one(StatusLine)

    @property
    def is_waiting(self) -> bool:
        """Tell whether a worker runs."""
        return self._awaited is not None

    @property
    def age(self) -> str:
        """How old what is on show is, in a sentence; empty where nothing was read yet."""
        if self.read_at is None:
            return ""
        then, now = (datetime.fromtimestamp(each, UTC) for each in (self.read_at, self.moment))
        return f"What is shown was read {since(then, now)}."

    @property
    def moment(self) -> float:
        """Epoch seconds by the app's clock."""
        app: object = self.app
        return app.now() if isinstance(app, Clocked) else time()

    def was_read(self, at: float | None = None) -> None:
        """Note when what is on show was read: just now, or at a time in epoch seconds."""
        self.read_at = self.moment if at is None else at
        self._show_age()

    def was_read_with_config(self) -> None:
        """Note that what is on show was read with the config: when the lowest screen that has read anything was."""
        below = (screen for screen in self.app.screen_stack if isinstance(screen, WorkScreen))
        self.was_read(next((each.read_at for each in below if each.read_at is not None), None))

    def _show_age(self) -> None:
        """Say how old what is on show is, and again when that is another text: a few letters, and less and less often."""
        if self._aging is not None:
            self._aging.stop()
            self._aging = None
        if self.read_at is None or not self.is_attached or not self.is_current:
            return
        seconds = max(0.0, self.moment - self.read_at)
        if self.app.app_focus:
            # Nobody looks at a terminal without focus: nothing is written to it meanwhile.
            for headline in self.query(Headline):
                headline.show_age(f"read {age(seconds)}")
        self._aging = self.set_timer(next_age(seconds), self._show_age)

    @on(events.ScreenResume)
    def _aged(self) -> None:
        self._show_age()

    @on(events.ScreenSuspend)
    def _rests(self) -> None:
        if self._aging is not None:
            self._aging.stop()
            self._aging = None

    def begin(self, what: str) -> None:
        """Say what is waited for from now on."""
        self._awaited = what
        self.status.wait(what)
        self.refresh_bindings()

    def finish(self, note: str = "", *, is_read: bool = True) -> None:
        """Say what came of it; `is_read` where what is on show was read just now."""
        self._awaited = None
        if is_read:
            self.was_read()
        self.status.say(note)
        self.refresh_bindings()

    def fail(self, error: StorageToolError) -> None:
        """Show an error where the operator looks. What was read before stays on show, and how old it is is said."""
        self._awaited = None
        help_ = self.redact(help_words(error.help))
        if isinstance(error, BackendError):
            help_ = " ".join(filter(None, (help_, self.age)))
        self.status.fail(self.redact(error.message), help_ or None)
        self.refresh_bindings()

    def failed(self, error: StorageToolError) -> None:
        """Show why a service refused or failed; screens that have more to say override it."""
        self.fail(error)

    def redact(self, text: str) -> str:
        """Mask the secrets that this screen could come to know; screens with a session override it."""
        return text

    def action_back(self) -> None:
        if self.is_waiting:
            what = self._awaited
            self.workers.cancel_node(self)
            self.finish(f"Cancelled: {what}. ctrl+r tries again.", is_read=False)
            self.cancelled()
        else:
            self.dismiss()

    def cancelled(self) -> None:
        """Tidy up after a cancel; nothing by default."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave `escape` out where there is nothing to cancel and nothing to go back to: the line has better uses."""
        if action == "back" and self.is_root and not self.is_waiting:
            return False
        return super().check_action(action, parameters)

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self._awaited = None
            self.status.fail(
                f"This should not have happened: {type(event.worker.error).__name__}",
                "It is written to the log; please report it.",
            )
            self.post_message(Unexpected(event.worker.error))
