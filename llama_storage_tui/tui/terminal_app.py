"""The app around the screens: its look, its keys, the operator's preferences, and how it ends when something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.reactive import Initialize, Reactive
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from llama_storage_tui.secrets import begin_masking
from llama_storage_tui.services.remembered_choices import FILE, SERVERS, THEME, ConfigChoice, Preference
from llama_storage_tui.tui import messages
from llama_storage_tui.tui.dependencies import Dependencies
from llama_storage_tui.tui.navigation.keymap import Preferences, preferences_path, read_preferences
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.theme import ANSI, BY_NAME, DARK, LIGHT, theme_names, variables_of
from llama_storage_tui.tui.terminal.control_filter import ControlFilter
from llama_storage_tui.tui.terminal.driver import TerminalDriver
from llama_storage_tui.tui.terminal.fatal import write_log
from llama_storage_tui.tui.terminal.typeahead import Pasted, Typeahead


def _first_theme(app: Any) -> str:  # noqa: ANN401 - Textual gives any object that has reactive values
    theme: str = app.first_theme
    return theme


class TerminalApp(App[int]):
    """An app of our themes and keys; what it shows is its subclass's."""

    theme: Reactive[str] = Reactive(Initialize(_first_theme))

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "colon",
            "goto",
            "Go to",
            "app.goto",
            "Go to an id or its beginning, a key, a table, a backend, or a screen",
        ),
        shown_key("question_mark", "help", "Help", "app.help", "Show what every key does here"),
        shown_key("q", "quit", "Quit", "app.quit", "Leave the program"),
        hidden_key("ctrl+t", "toggle_theme", "Light/dark", "app.theme", "Switch between light and dark"),
        hidden_key(
            "f2", "choose_theme", "Themes", "app.themes", "Choose one of all themes; it is remembered"
        ),
        # First of all: a dialog, or a field, has no other use for it.
        hidden_key(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            "app.suspend",
            "Go back to the shell for a while; its command fg comes back here",
            priority=True,
        ),
    ]

    def __init__(self, dependencies: Dependencies, *, driver: type[TerminalDriver] | None = None) -> None:
        # Before Textual's own, which asks for the theme: one that is set later has all styles parsed once more.
        self._dependencies = dependencies
        begin_masking()
        self._preferences = self._read_preferences()
        named, names = self._preferences.theme, theme_names()
        self._usual_theme = names[named] if named else DARK.name
        chosen = self._chosen_theme.value
        self.first_theme = chosen if chosen in names.values() else self._usual_theme
        super().__init__(driver_class=driver)
        self._typeahead = Typeahead(self)
        for theme in BY_NAME.values():
            self.register_theme(theme)
        self._remembers_theme = False
        """Whether a change of the theme is the operator's: not while the app starts."""
        self._styled = self.theme

    def now(self) -> float:
        """Return epoch seconds by the clock that the app goes by."""
        return self._dependencies.now()

    def choice_of_servers(self, config: str) -> ConfigChoice:
        """Return whether a config's servers are tested at the start: remembered beside the operator's preferences."""
        return ConfigChoice(preferences_path(self._dependencies.environ).with_name(FILE), SERVERS, config)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The themes that can be chosen."""
        return {name: theme for name, theme in super().available_themes.items() if not name.startswith(ANSI)}

    def get_theme(self, theme_name: str) -> Theme | None:
        """Know our themes from the first style on, before Textual lets them be registered."""
        ours = {theme.name: theme for theme in BY_NAME.values()}
        return ours.get(theme_name) or super().get_theme(theme_name)

    def refresh_css(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002 - Textual's signature
        """Style anew for another theme; Textual asks for it at every start, where nothing has changed."""
        if self.theme != self._styled:
            self._styled = self.theme
            super().refresh_css(animate=animate)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the variables that our styles use."""
        return dict(variables_of(self.current_theme))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let no control character out."""
        return [ControlFilter(), *super().get_line_filters()]

    @property
    def filters_file(self) -> Path:
        """Where an operator's named filters are kept: beside the preferences."""
        # Imported here: only the menu of filters asks.
        from llama_storage_tui.services import saved_filters

        return preferences_path(self._dependencies.environ).with_name(saved_filters.FILE)

    def _read_preferences(self) -> Preferences:
        path = preferences_path(self._dependencies.environ)
        if not path.exists():
            return Preferences()
        from llama_storage_tui.tui.navigation.bindings import known_ids

        return read_preferences(path, known_ids(), theme_names())

    def _follow_preferences(self) -> None:
        found = self._preferences
        if found.keys:
            self.set_keymap(found.keys)
        if found.problem:
            self.notify(found.problem, title="Preferences", severity="warning", markup=False, timeout=15)
        self._remembers_theme = True

    @property
    def _chosen_theme(self) -> Preference:
        return Preference(preferences_path(self._dependencies.environ).with_name(FILE), THEME)

    def watch_theme(self, theme: str) -> None:
        """Remember a theme that is chosen; the one of the operator's file needs no memory."""
        if self._remembers_theme:
            value = None if theme == self._usual_theme else theme
            self.run_worker(asyncio.to_thread(self._chosen_theme.keep, value), exit_on_error=False)

    def action_choose_theme(self) -> None:
        """Offer all themes."""
        self.search_themes()

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Handle a key when all that the one before it set off is done."""
        if (
            not isinstance(event, events.Key | events.Paste)
            or event.is_forwarded
            or self._typeahead.admits(event)
        ):
            await super().on_event(event)

    @on(Pasted)
    def _keys_look_pasted(self, message: Pasted) -> None:
        self._typeahead.expect(message.keys)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:  # noqa: FBT001, FBT002 - Textual's signature
        is_taken = await super()._check_bindings(key, priority)
        # Bindings without priority are the last that a key comes to.
        if not is_taken and not priority:
            self._typeahead.discard()
        return is_taken

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        """Offer nothing of Textual's own: the palette lists our bindings."""
        return ()

    @on(CommandPalette.Opened)
    def _palette_opened(self) -> None:
        # A blinking cursor writes to the terminal twice a second for as long as the palette is open.
        self.screen.query_one(Input).cursor_blink = False

    def action_goto(self) -> None:
        """Ask for an id and open what has it: there is nothing to go to yet."""

    def action_toggle_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_help_quit(self) -> None:
        """Say which key leaves the program, which is ours and not Textual's; `ctrl+c` asks for it out of habit."""
        for active in self.screen.active_bindings.values():
            if active.binding.id == "app.quit":
                self.notify(f"{self.get_key_display(active.binding)} leaves the program.", markup=False)
                return

    # When something breaks

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.post_message(messages.Unexpected(event.worker.error))

    @on(messages.Unexpected)
    def _unexpected(self, message: messages.Unexpected) -> None:
        path = self._write_log(message.error)
        self.notify(
            f"Written to {path}" if path else "The log could not be written", severity="error", markup=False
        )

    def _write_log(self, error: BaseException) -> Path | None:
        return write_log(error, self._dependencies.log_folder(), self._redactor)

    @property
    def _redactor(self) -> Callable[[str], str] | None:
        """What takes secrets out of a text; None as long as none is known."""
        return None

    def _handle_exception(self, error: Exception) -> None:
        """End the app with one line; Textual's own handler would print the locals of every frame."""
        self._return_code = 1
        is_first = self._exception is None
        if is_first:
            path = self._write_log(error)
            place = f"the trace is in {path}" if path else "its log could not be written"
            self._exit_renderables.append(Text(f"llama-storage-tui failed ({type(error).__name__}); {place}"))
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
