"""The app: which screen is shown, the session they share, and what happens when something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import App
from textual.command import Provider
from textual.screen import Screen

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import FOUND, LoadRequest
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui import messages
from llama_storage_tui.tui.config_app import ConfigApp
from llama_storage_tui.tui.dependencies import Dependencies
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.navigation.commands import Commands, NamedDestination
from llama_storage_tui.tui.navigation.keymap import preferences_path
from llama_storage_tui.tui.rotation.changes import ChangeStarted
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.style.zone import Zone
from llama_storage_tui.tui.terminal import clipboard
from llama_storage_tui.tui.terminal.driver import TerminalDriver
from llama_storage_tui.tui.terminal.signals import end_on_signals, end_without_terminal

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.fleet.reading import FleetReading
    from llama_storage_tui.services.loaded_config import Opened
    from llama_storage_tui.services.rotation.service import RotationService

__all__ = ["Dependencies", "StorageApp"]


_AWAITED: Final = "The findings open as soon as the config is checked."


def later() -> ModuleType:
    """Import the screens behind the first one."""
    from llama_storage_tui.tui.navigation import lazy_screens as screens

    return screens


class StorageApp(ConfigApp):
    """Screens over one catalog at a time."""

    TITLE = "llama-storage-tui"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = App.COMMANDS | {Commands}
    CSS_PATH = [  # noqa: RUF012 - typed by Textual, as no class variable
        # The main screen's as well: for one that brings styles of its own, Textual parses all styles anew.
        Path(__file__).with_name("app.tcss"),
        Path(__file__).parent / "catalog" / "catalog.tcss",
    ]

    def __init__(
        self,
        request: LoadRequest | None,
        *,
        timeouts: Timeouts | None = None,
        dependencies: Dependencies | None = None,
        opened: Opened | None = None,
        driver: type[TerminalDriver] | None = None,
        fleet: FleetReading | None = None,
    ) -> None:
        super().__init__(dependencies or Dependencies(), driver=driver)
        self._fleet = fleet
        # The number of the screen that a config begins with: below it is that of several configs.
        self._floor = 2 if fleet else 1
        self._request = request
        self._opened = opened
        self._timeouts = timeouts or Timeouts()
        self._session = None
        self._rotation: RotationService | None = None
        self._zone = Zone()
        self._remembered = Remembered()

    def on_mount(self) -> None:
        """Follow the operator's preferences, then show the first screen.

        Not yet in here: what is drawn while Textual starts is drawn for nothing, and again right after.
        """
        if isinstance(self._driver, TerminalDriver):
            end_on_signals(self._end)
            end_without_terminal(self._driver.keys, self._end)
        self._follow_preferences()
        self.call_later(self._begin)

    async def _begin(self) -> None:
        """Show the config that was read before the app began, or read it."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await self._show_catalog(opened)
        elif self._fleet:
            from llama_storage_tui.tui.fleet.fleet import FleetScreen

            self.push_screen(FleetScreen(self._fleet, self._timeouts))
        else:
            self._open(self._request)

    def _end(self, code: int) -> None:
        self.exit(return_code=code)

    async def on_unmount(self) -> None:
        await self._close_session()

    # Opening and closing a config

    def _open(self, request: LoadRequest | None, note: str = "") -> None:
        """Read a config, or look for some where none is named; the main screen says the note."""
        from llama_storage_tui.tui.catalog.opening import OpeningScreen

        if request is not None and request.config == FOUND:
            request = None
        # What is on show stays behind until another config is read: `escape` leads back to it.
        self._above_base(
            OpeningScreen(
                request,
                load=self._dependencies.load,
                find=self._dependencies.find,
                is_root=not self._has_base,
                note=note,
            )
        )

    @property
    def _has_base(self) -> bool:
        """Whether there is a config to go back to: one on show, or one that could not be read and says why."""
        from llama_storage_tui.tui.catalog.opening import OpeningScreen

        base = self.screen_stack[self._floor] if len(self.screen_stack) > self._floor else None
        is_explained = isinstance(base, OpeningScreen) and base.request is not None and not base.is_waiting
        return self._session is not None or is_explained or self._fleet is not None

    def _above_base(self, screen: Screen[None]) -> None:
        if not self._has_base:
            self._only(screen)
            return
        while len(self.screen_stack) > self._floor + 2:
            self.pop_screen()
        if len(self.screen_stack) > self._floor + 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _only(self, screen: Screen[None]) -> Awaitable[object]:
        """Show a screen with nothing of a config behind it."""
        while len(self.screen_stack) > self._floor + 1:
            self.pop_screen()
        if len(self.screen_stack) > self._floor:
            return self.switch_screen(screen)
        return self.push_screen(screen)

    async def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @on(messages.FleetResumed)
    async def _fleet_resumed(self) -> None:
        await self._close_session()

    @on(messages.CatalogLoaded)
    async def _catalog_loaded(self, message: messages.CatalogLoaded) -> None:
        await self._close_session()
        self._request = message.request
        await self._show_catalog(message.opened, message.note)

    async def _show_catalog(self, opened: Opened, note: str = "") -> None:
        from llama_storage_tui.tui.catalog.catalog import CatalogScreen

        self._session = self._dependencies.open_session(opened.catalog, self._timeouts)
        self._rotation = None
        servers = self.choice_of_servers(opened.catalog.config)
        screen = CatalogScreen(self._session, pending=opened.pending, servers=servers, note=note)
        screen.is_root = not self._fleet
        await self._only(screen)
        if opened.judge is not None:
            # Only when the screen is drawn: judging would share the interpreter with the drawing.
            screen.call_after_refresh(self._judge, opened.judge)
        elif self._awaited is not None:
            screen.call_after_refresh(self._open_awaited)

    @work(exclusive=True, group="judge", exit_on_error=False)
    async def _judge(self, judge: Callable[[], Catalog]) -> None:
        # The screens behind this one first: a key pressed now would have to wait for their import.
        await asyncio.to_thread(later)
        catalog = await asyncio.to_thread(judge)
        request = self._request
        pending = () if request is None else await asyncio.to_thread(self._dependencies.pending, request)
        self.post_message(messages.CatalogJudged(catalog, pending))

    @on(messages.CatalogJudged)
    def _catalog_judged(self, message: messages.CatalogJudged) -> None:
        if self._session is None or self._session.catalog.config != message.catalog.config:
            return
        self._session.learn(message.catalog)
        for screen in self.screen_stack:
            if isinstance(screen, later().CatalogScreen):
                screen.show_findings(message.pending)
        self._open_awaited()

    def _open_awaited(self) -> None:
        wanted, self._awaited = self._awaited, None
        if wanted is None:
            return
        for screen in self.screen_stack:
            if isinstance(screen, later().CatalogScreen) and screen.status.text == _AWAITED:
                screen.status.say("")
        if isinstance(self.screen, later().CatalogScreen):
            self.post_message(wanted)

    @on(messages.CandidatesFound)
    def _candidates_found(self, message: messages.CandidatesFound) -> None:
        if len(message.candidates) == 1 and self._session is None:
            self._choose(str(message.candidates[0].path))
        else:
            self._above_base(later().PickerScreen(message.candidates, is_root=not self._has_base))

    @on(messages.ConfigChosen)
    def _config_chosen(self, message: messages.ConfigChosen) -> None:
        self._choose(message.config)

    def _choose(self, config: str) -> None:
        self._awaited = None
        self._open(replace(self._request or LoadRequest(config), config=config))

    @on(messages.PickerOpened)
    def _picker_opened(self) -> None:
        self._open(None)

    @on(messages.ReloadRequested)
    def _reload_requested(self, message: messages.ReloadRequested) -> None:
        from llama_storage_tui.tui.catalog.opening import OpeningScreen

        # On a screen that could not read its config, that one again; else the one on show.
        failed = self.screen.request if isinstance(self.screen, OpeningScreen) else None
        self._open(failed or self._request, message.note)

    # From screen to screen

    @property
    def _config_request(self) -> LoadRequest:
        """What the config on show was read by."""
        return self._request or LoadRequest(self._session.catalog.config if self._session else FOUND)

    @on(messages.TransferOpened)
    def _transfer_opened(self, message: messages.TransferOpened) -> None:
        if self._session is not None:
            request = self._config_request
            controller = self._dependencies.open_transfer(message, self._session, request, self._timeouts)
            self.push_screen(later().TransferScreen(self._session, controller))

    # Passwords

    def _rotation_service(self) -> RotationService:
        if self._rotation is None:
            self._rotation = self._dependencies.open_rotation(self._config_request, self._timeouts)
        return self._rotation

    @on(messages.RotationOpened)
    def _rotation_opened(self, message: messages.RotationOpened) -> None:
        if self._session is not None:
            path = self._session.backend(message.backend).path
            also = later().neighbours(self.screen_stack, self._request, path)
            rotation = self._rotation_service()
            self.push_screen(later().RotationScreen(self._session, rotation, message.backend, also))

    @on(messages.PendingOpened)
    def _pending_opened(self) -> None:
        if self._session is not None:
            self._above_catalog(later().PendingScreen(self._session, self._rotation_service()))

    @on(ChangeStarted)
    def _change_started(self, message: ChangeStarted) -> None:
        if self._session is not None:
            self._above_catalog(later().ChangeScreen(self._session, self._rotation_service(), message.job))

    def _above_catalog(self, screen: Screen[None]) -> None:
        """Show a screen in place of those about the same password: what they show is out of date by then."""
        if isinstance(self.screen, later().CatalogScreen):
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    @property
    def _must_stay(self) -> str:
        return next(filter(None, (getattr(screen, "must_stay", "") for screen in self.screen_stack)), "")

    async def action_quit(self) -> None:
        """Leave, unless a screen says why that must wait, or a paste has found this in the palette."""
        if not self._typeahead.is_in_burst and self._may_go():
            self.exit()

    def action_suspend_process(self) -> None:
        """Stop until the shell brings the program back, unless a screen says why that must wait."""
        if isinstance(self._driver, TerminalDriver) and self._may_go():
            self._driver.sleep(0)

    def _may_go(self) -> bool:
        reason = self._must_stay
        if reason:
            self.notify(reason, title="Not now", severity="warning", markup=False)
        return not reason

    def destinations(self) -> Sequence[NamedDestination]:
        """Return every screen that can be opened now: none before there is a config, nor over a change that runs."""
        if self._session is None or self._must_stay:
            return ()
        found: list[NamedDestination] = later().destinations(self._session.catalog)
        return found

    @on(messages.Opening)
    def _screen_opened(self, message: messages.Opening) -> None:
        if self._session is None:
            return
        if isinstance(message, messages.FindingsOpened) and not self._session.catalog.is_judged:
            self._await_findings(message)
            return
        parts = later().ScreenParts(
            self._session, self._config_request, self._zone, self._remembered, self._dependencies.now
        )
        self.enter(later().screen_of(message, parts), message)

    def _await_findings(self, wanted: messages.FindingsOpened) -> None:
        """Open the findings once they are there, where the operator is still on the main screen then."""
        self._awaited = wanted
        if isinstance(self.screen, later().CatalogScreen):
            self.screen.status.say(_AWAITED)

    @on(messages.CatalogOpened)
    def _catalog_opened(self) -> None:
        while len(self.screen_stack) > self._floor + 1:
            self.pop_screen()

    @on(messages.BackendPointed)
    def _backend_pointed(self, message: messages.BackendPointed) -> None:
        self._catalog_opened()
        if isinstance(self.screen, later().CatalogScreen):
            self.screen.point(message.backend)

    def action_help(self) -> None:
        """Show what every key does on this screen."""
        if not isinstance(self.screen, Dialog):
            file = preferences_path(self._dependencies.environ)
            self.push_screen(later().HelpDialog(later().key_groups(self.screen), str(file)))

    # Out of the program

    @on(messages.CopyRequested)
    def _copy_requested(self, message: messages.CopyRequested) -> None:
        what, text = line(message.what, 40), message.text
        if clipboard.fits(text) and self._driver is not None:
            self._driver.write(clipboard.sequence(text, self._dependencies.environ))
            said = f"{plural(len(text), 'character')} sent to the terminal's clipboard."
            self.notify(said, title=f"Copied {what}", markup=False)
            return
        said = "Too large for a terminal's clipboard: write it to a file instead."
        self.notify(said, title=f"Copy {what}", markup=False)
        self.push_screen(
            later().ExportDialog(
                later().ValueSave(f"Save {what}", what, lambda: text), folder=self._dependencies.folder()
            )
        )

    @on(ExportOpened)
    def _export_opened(self, message: ExportOpened) -> None:
        self.push_screen(later().ExportDialog(message.job, folder=self._dependencies.folder()))

    @property
    def _redactor(self) -> Callable[[str], str] | None:
        return self._redact if self._session is not None else None

    def _redact(self, text: str) -> str:
        text = self._session.redact(text) if self._session is not None else text
        return self._rotation.redact(text) if self._rotation is not None else text
