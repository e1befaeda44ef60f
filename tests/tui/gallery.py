"""Named scenes: each is a snapshot that a test compares, and a picture in `screenshots/`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import textual.screen
from rich.console import RenderableType
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input

from llama_storage_tui.errors import ConfigError, PendingError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.pending import OwnChange, PendingNotice
from llama_storage_tui.model.rotation import Outcome, Result
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.catalog import Candidate, Opened, open_at_once
from llama_storage_tui.services.fleet.reading import FleetReading
from llama_storage_tui.services.requests import FOUND, LoadRequest
from llama_storage_tui.services.rotation.pending_status import PendingStanding
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.app import Dependencies, StorageApp
from llama_storage_tui.tui.catalog.opening import Load
from llama_storage_tui.tui.messages import Unexpected
from llama_storage_tui.tui.records.sorted_lists import SortableScreen
from llama_storage_tui.tui.terminal.typeahead import is_at_rest
from llama_storage_tui.tui.transfers.transfer import TransferScreen
from llama_storage_tui.tui.widgets.listing import Listing
from tests.deployments import copy_demo
from tests.fleets import made_up_fleet, write_fleet
from tests.parsed import share_parsed
from tests.patience import PATIENCE, PATIENT
from tests.tui.made_up import Gate, MemoryReader, MemorySession, made_up_catalog, made_up_readers
from tests.tui.made_up_rotation import (
    MemoryDesk,
    made_up_patches,
    made_up_plan,
    refused_plan,
    waiting,
)
from tests.tui.made_up_transfers import HALF_DONE, MadeUpTransferController
from tests.tui.paced import Pacing, SteadySession

REQUEST = LoadRequest("/etc/ogx/config.yaml", environ={})
WIDE, NARROW = (140, 42), (80, 24)
NOWHERE = Path("/dev/null/nowhere")
QUIET = 3
"""After how many looks that find nothing to draw a screen is said to rest."""
NOW = 1_763_200_000.0
"""An hour of the demo's last day."""


class LazyCompositor(Compositor):
    """Draws the screen when it is looked at: what changes in between, Textual would draw and then, without a terminal, drop."""

    def render_update(
        self,
        full: bool = False,  # noqa: FBT001, FBT002 - Textual's signature
        screen_stack: list[Screen[Any]] | None = None,
        simplify: bool = False,  # noqa: FBT001, FBT002 - Textual's signature
    ) -> RenderableType | None:
        if full:
            return super().render_update(full=True, screen_stack=screen_stack, simplify=simplify)
        self._dirty_regions.clear()
        return None


class GalleryApp(StorageApp):
    """The app over made-up data; what no one foresaw fails the test."""

    def __init__(
        self,
        request: LoadRequest | None = REQUEST,
        *,
        dependencies: Dependencies,
        fleet: FleetReading | None = None,
    ) -> None:
        super().__init__(request, timeouts=PATIENT, dependencies=dependencies, fleet=fleet)
        self.animation_level = "none"

    def _unexpected(self, message: Unexpected) -> None:
        raise message.error


@dataclass
class Stage:
    """One running app with the readers behind it."""

    pilot: Pilot[int]
    app: StorageApp
    readers: dict[str, MemoryReader]
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    transfers: MadeUpTransferController = field(default_factory=MadeUpTransferController)
    pacing: Pacing | None = None

    async def press(self, *keys: str) -> None:
        """Press keys, each followed by everything that it sets off; the screen is drawn at their end."""
        for key in keys:
            # Without Pilot's own wait, for which each widget handles a message more: that is half of what a key costs.
            await self.app._press_keys((key,))
            await self._rest()
        self._draw()

    async def type(self, text: str) -> None:
        """Type a text, as fast as a hand does: what it sets off is waited for at its end."""
        names = {
            " ": "space",
            "=": "equals_sign",
            "_": "underscore",
            ".": "full_stop",
            ":": "colon",
            "/": "slash",
        }
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self.settle()

    async def settle(self) -> None:
        """Wait until the workers that can end have ended and the screen is drawn; those behind a closed gate stay."""
        await self._rest()
        self._draw()

    async def _rest(self) -> None:
        quiet = 0
        while quiet < QUIET:
            while self._is_busy:
                # A worker reaches a gate only after it has read something: nothing tells when.
                await asyncio.sleep(0.01)
            is_at_work = self._has_keys or self._is_drawing or self._is_handling
            quiet = 0 if is_at_work else quiet + 1
            await asyncio.sleep(0)
            # Textual's timer would come to it, too, but not at once.
            self.app.screen._on_timer_update()

    def _draw(self) -> list[Strip]:
        # Textual's own export does the same; without it a screen that cannot be drawn would go unseen.
        visible_screen_stack.set(self.app._background_screens)
        return self.app.screen._compositor.render_strips()

    @property
    def _is_drawing(self) -> bool:
        """Whether the screen has something to lay out, to draw, or to call afterwards."""
        screen = self.app.screen
        return bool(
            screen._callbacks
            or screen._dirty_widgets
            or screen._layout_required
            or screen._scroll_required
            or screen._repaint_required
            or screen._recompose_required
        )

    @property
    def _has_keys(self) -> bool:
        # A key that waits for what the one before it set off is in no queue.
        return self.app._typeahead._watch is not None

    @property
    def _is_handling(self) -> bool:
        # Not by empty queues alone: the app closes a config's connections while it handles one message.
        return not all(map(is_at_rest, (self.app, *self.app.screen.walk_children(with_self=True))))

    @property
    def _is_busy(self) -> bool:
        held = {worker for gate in self._gates for worker in gate.waiting}
        if None in held:
            return False
        # What follows a list ends only with the list.
        ending = (worker for worker in self.app.workers if worker.group != "follow" and worker not in held)
        return any(not worker.is_finished for worker in ending)

    async def appears(self, text: str) -> None:
        """Wait until the screen says something, whatever else is at work."""
        await self._until_drawn(lambda: text in self.text)

    async def goes(self, text: str) -> None:
        """Wait until the screen says something no more, whatever else is at work."""
        await self._until_drawn(lambda: text not in self.text)

    async def _until_drawn(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await asyncio.sleep(0.01)
                self.app.screen._on_timer_update()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that comes by itself, as a new row of a followed list does."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await asyncio.sleep(0.1)
                await self.settle()

    @property
    def _gates(self) -> list[Gate]:
        paced = [] if self.pacing is None else [self.pacing.gate]
        return [
            self.desk.gate,
            self.transfers.gate,
            *(reader.gate for reader in self.readers.values()),
            *paced,
        ]

    @property
    def text(self) -> str:
        """The screen as text, one line for each of the terminal's."""
        # These are what the terminal is sent, without colours.
        return "\n".join(strip.text.rstrip() for strip in self._draw())

    @property
    def picture(self) -> str:
        """The screen as SVG, without what differs from one run to the next."""
        return re.sub(r"terminal-\d+", "terminal", self.app.export_screenshot(title="llama-storage-tui"))


share_parsed()


@asynccontextmanager
async def _running(app: GalleryApp, size: tuple[int, int]) -> AsyncIterator[Pilot[int]]:
    with mock.patch.object(textual.screen, "Compositor", LazyCompositor):
        async with app.run_test(size=size, notifications=True) as pilot:
            yield pilot


@asynccontextmanager
async def stage(
    size: tuple[int, int] = WIDE,
    *,
    catalog: Catalog | None = None,
    readers: dict[str, MemoryReader] | None = None,
    request: LoadRequest | None = REQUEST,
    candidates: tuple[Candidate, ...] = (),
    environ: dict[str, str] | None = None,
    app_class: type[GalleryApp] = GalleryApp,
    waits: bool = True,
    loader: Load | None = None,
    log_folder: Path = NOWHERE,
    folder: Path = Path("/srv/exports"),
    desk: MemoryDesk | None = None,
    pending: tuple[PendingNotice, ...] = (),
    now: Callable[[], float] = lambda: NOW,
) -> AsyncIterator[Stage]:
    """Run the app over a catalog and readers, by default the made-up ones."""
    shown = catalog if catalog is not None else made_up_catalog()
    behind = readers if readers is not None else made_up_readers()

    async def load(_request: LoadRequest) -> Opened:
        return Opened(shown, pending=pending)

    at_desk, transfers = desk or MemoryDesk(), MadeUpTransferController()

    def open_session(found: Catalog, _timeouts: Timeouts) -> MemorySession:
        return MemorySession(found, behind)

    outside = Dependencies(
        load=loader or load,
        find=lambda: candidates,
        open_session=open_session,
        open_rotation=lambda _request, _timeouts: at_desk,
        open_transfer=lambda _opening, _session, _request, _timeouts: transfers,
        log_folder=lambda: log_folder,
        folder=lambda: folder,
        now=now,
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(NOWHERE / "config.toml"), **(environ or {})},
    )
    app = app_class(request, dependencies=outside)
    async with _running(app, size) as pilot:
        found = Stage(pilot, app, behind, at_desk, transfers)
        if waits:
            await found._rest()
        else:
            await pilot.pause()
        yield found


@asynccontextmanager
async def demo_stage(
    size: tuple[int, int] = WIDE,
    *,
    pacing: Pacing | None = None,
    fill: Callable[[Path], None] | None = None,
    folder: Path = Path("/srv/exports"),
    demo: str = "catalog",
) -> AsyncIterator[Stage]:
    """Run the app over a demo's stores in a temporary folder: what reads documents needs real engines.

    `pacing` makes them look very large, `fill` changes the demo's folder beforehand; exports go to `folder`.
    """

    def open_session(catalog: Catalog, timeouts: Timeouts) -> Session:
        return SteadySession(catalog, timeouts) if pacing is None else pacing.open(catalog)

    with tempfile.TemporaryDirectory() as name:
        request = copy_demo(Path(name), demo)
        if fill is not None:
            fill(Path(name))
        dependencies = Dependencies(
            load=_load_whole,
            open_session=open_session,
            log_folder=lambda: NOWHERE,
            folder=lambda: folder,
            now=lambda: NOW,
            environ={"LLAMA_STORAGE_TUI_CONFIG": str(NOWHERE / "config.toml")},
        )
        app = GalleryApp(request, dependencies=dependencies)
        async with _running(app, size) as pilot:
            found = Stage(pilot, app, {}, pacing=pacing)
            await found._rest()
            yield found


@asynccontextmanager
async def fleet_stage(
    size: tuple[int, int] = WIDE,
    *,
    texts: Mapping[str, str] | None = None,
    names: tuple[str, ...] = ("fleet",),
) -> AsyncIterator[Stage]:
    """Run the app over a folder `fleet` of real run configs, which is in the working folder meanwhile."""
    request = LoadRequest(FOUND, environ={"HOME": "/home/somebody"})
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        write_fleet(Path("fleet"), made_up_fleet() if texts is None else texts)
        dependencies = Dependencies(
            load=_load_judged,
            log_folder=lambda: NOWHERE,
            now=lambda: NOW,
            environ={"LLAMA_STORAGE_TUI_CONFIG": str(NOWHERE / "config.toml")},
        )
        app = GalleryApp(request, dependencies=dependencies, fleet=FleetReading(names, request))
        async with _running(app, size) as pilot:
            found = Stage(pilot, app, {})
            await found._rest()
            yield found


async def _load_judged(request: LoadRequest) -> Opened:
    # Findings that arrive later would come at another moment in each run.
    opened = open_at_once(request)
    return Opened(opened.judge() if opened.judge is not None else opened.catalog)


async def _load_whole(request: LoadRequest) -> Opened:
    catalog = (await _load_judged(request)).catalog
    # The folder has another name in each run.
    config = f"/etc/{catalog.distribution}/{Path(request.config).name}"
    backends = tuple(
        replace(backend, location=_as_at_the_server(backend.location, request))
        for backend in catalog.backends
    )
    return Opened(replace(catalog, config=config, backends=backends))


def _as_at_the_server(location: str, request: LoadRequest) -> str:
    for before, after in request.path_map:
        location = location.replace(after, before)
    return location


@dataclass(frozen=True)
class Scene:
    """A state of the app worth a picture: the keys that lead there, or a function that does."""

    size: tuple[int, int] = WIDE
    keys: tuple[str, ...] = ()
    act: Callable[[Stage], Awaitable[None]] | None = None
    request: LoadRequest | None = REQUEST
    candidates: tuple[Candidate, ...] = ()
    theme: str | None = None
    loader: Load | None = None
    pending: tuple[PendingNotice, ...] = ()
    is_demo: bool = False
    """Whether it plays over the demo's stores instead of the made-up readers."""
    is_fleet: bool = False
    """Whether it plays over several configs."""
    demo: str = "catalog"
    is_large: bool = False
    """Whether these stores look very large, and a search stops half way."""

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        """Run the app that it plays in."""
        if self.is_fleet:
            return fleet_stage(self.size)
        if self.is_demo:
            return demo_stage(self.size, pacing=Pacing() if self.is_large else None, demo=self.demo)
        return stage(
            self.size,
            request=self.request,
            candidates=self.candidates,
            loader=self.loader,
            pending=self.pending,
        )


async def _testing(found: Stage) -> None:
    found.readers["sql_default"].gate.close()
    await found.press("T")


async def _typing_a_prefix(found: Stage) -> None:
    await found.press("enter", "down", "enter", "slash")
    await found.type("vector_stores:v3::vs_04")
    await found.press("enter")


async def _waiting_for_tables(found: Stage) -> None:
    found.readers["sql_default"].gate.close()
    await found.press("down", "enter")


async def _filtered_rows(found: Stage) -> None:
    await found.press("down", "enter", "down", "enter", "l", "l", "slash")
    await found.type("llama-4-scout")
    await found.press("enter", "slash")


async def _planned(found: Stage) -> None:
    await found.press("down", "r")


async def _planning(found: Stage) -> None:
    found.desk.gate.close()
    await _planned(found)


async def _refused(found: Stage) -> None:
    found.desk.plan = refused_plan()
    await _planned(found)


async def _asked(found: Stage) -> None:
    await _planned(found)
    await found.press("a")


async def _changing(found: Stage) -> None:
    found.desk.stop_at = "old-checked"
    found.desk.gate.close()
    found.desk.gate.open()
    await _planned(found)
    found.desk.gate.close()
    await found.press("a", "y")


async def _changed(found: Stage) -> None:
    await _asked(found)
    await found.press("y")


async def _left(found: Stage) -> None:
    found.desk.plan = replace(made_up_plan(), patches=made_up_patches())
    found.desk.end = Result(
        Outcome.PENDING,
        "20261125T091205Z-5c1f77ab",
        patches=made_up_patches(),
        waiting=(
            "/etc/ogx/config.yaml: storage.backends.sql_default.password does not yield the new password",
        ),
        next=Advice("", Step.CONFIRM_CHANGE, "/etc/ogx/config.yaml"),
    )
    await _changed(found)


async def _half_done(found: Stage) -> None:
    found.desk.stop_at = "swapped-2"
    found.desk.end = PendingError(
        "The password change of ogx_app is pending (journal 20261125T091205Z-5c1f77ab): /srv/ogx/prod.env: Read-only file system",
        help="Then run: llama-storage-tui rotate /etc/ogx/config.yaml --recover",
    )
    await _changed(found)


async def _terms(found: Stage) -> None:
    await _planned(found)
    await found.press("m", "right")


async def _revealed(found: Stage) -> None:
    await _changed(found)
    await found.press("p")


async def _pending(found: Stage) -> None:
    found.desk.stands = (waiting(PendingStanding.NOT_COMMITTED),)
    await found.press("R")


async def _waits(found: Stage) -> None:
    found.desk.stands = (waiting(PendingStanding.COMMITTED, "waiting", made_up_patches()),)
    await found.press("R")


async def _lost(found: Stage) -> None:
    found.desk.stands = (waiting(PendingStanding.LOST),)
    await found.press("R", "w")


async def _bringing(found: Stage) -> None:
    found.transfers.gate.close()
    await found.press("L", "d", "a", "y")
    screen = found.app.screen
    assert isinstance(screen, TransferScreen)
    # However long this machine took for it.
    screen._begun = time.monotonic()
    screen._show_progress()


async def _half_brought(found: Stage) -> None:
    found.transfers.half_done = HALF_DONE
    await found.press("R")


async def _moving(found: Stage) -> None:
    found.transfers.shows_move = True
    await found.press("down", "m")


PENDING = (
    OwnChange(
        "20261125T091205Z-5c1f77ab",
        "ogx_app",
        "/etc/ogx/config.yaml",
        "2026-11-25T09:12:05Z",
        is_open=False,
    ),
)


async def _unreadable(_request: LoadRequest) -> Opened:
    raise ConfigError(
        "/etc/ogx/config.yaml is not YAML: a tab where only spaces may stand",
        where="/etc/ogx/config.yaml:12",
        help="Mend line 12, then press ctrl+r.",
    )


def _going_to(text: str) -> Callable[[Stage], Awaitable[None]]:
    """Look an id up."""

    async def act(shown: Stage) -> None:
        await shown.press("colon")
        await shown.type(text)
        await shown.press("enter")

    return act


def _response(row: int, *keys: str) -> Callable[[Stage], Awaitable[None]]:
    """Open the response in a row of the list, then press keys."""

    async def act(found: Stage) -> None:
        await found.press("w")
        found.app.screen.query_one(Listing).move_cursor(row=row)
        await found.press("enter", *keys)

    return act


async def fill_in(found: Stage, **texts: str) -> None:
    """Fill in the form that is open, and send it."""
    for name, text in texts.items():
        found.app.screen.query_one(f"#field-{name}", Input).value = text
    await found.press("enter")


async def _who(found: Stage) -> None:
    await _response(11, "w")(found)
    await fill_in(found, user="bob", attributes='{"teams": ["support"]}')


async def _viewing_as_bob(found: Stage) -> None:
    await found.press("w", "v")
    await fill_in(found, user="bob", attributes='{"teams": ["support"]}')


async def _hidden_from_bob(found: Stage) -> None:
    await _viewing_as_bob(found)
    await found.press("H", "down", "down")


async def _searching(found: Stage) -> None:
    await found.press("w", "slash")
    for _ in range(3):
        await found.press("up")
    await found.type("東京")
    await found.press("enter")


async def _filling_in_a_filter(found: Stage) -> None:
    await found.press("w", "slash")
    await found.type("failed")
    await found.press("down", "down", "down", "down")
    await found.type("bob")
    await found.press("enter", "slash")


CANDIDATES = (
    Candidate(Path("/etc/ogx/config.yaml"), "mounted into a container"),
    Candidate(Path("/home/ops/.ogx/distributions/starter/config.yaml"), "distribution starter"),
    Candidate(Path("/home/ops/.llama/distributions/support-desk/run.yaml"), "distribution support-desk"),
)


async def _following(found: Stage) -> None:
    """Follow the responses, until the first page is read for that."""
    await found.press("w", "F")
    await found.until(lambda: "New records come on top" in found.text)
    screen = found.app.screen
    assert isinstance(screen, SortableScreen)
    assert screen.following is not None
    # How long a look takes differs from one run to the next.
    found.app.workers.cancel_group(screen, "follow")
    screen.following.milliseconds = None
    screen.head()
    await found.settle()


SCENES: dict[str, Scene] = {
    "catalog": Scene(keys=("T",)),
    "catalog-light": Scene(keys=("T", "down"), theme="ledger-light"),
    "catalog-narrow": Scene(NARROW, keys=("T",)),
    "catalog-testing": Scene(act=_testing),
    "catalog-settings": Scene(keys=("down", "2")),
    "catalog-findings": Scene(keys=("down", "3")),
    "catalog-connection": Scene(keys=("down", "t")),
    "catalog-redis": Scene(keys=("down", "down", "t")),
    "catalog-failure-narrow": Scene(NARROW, keys=("down", "down", "down", "t")),
    "findings": Scene(keys=("f",)),
    "findings-narrow": Scene(NARROW, keys=("f",)),
    "config-text": Scene(keys=("f", "V"), is_demo=True),
    "config-text-narrow": Scene(NARROW, keys=("f", "V"), is_demo=True),
    "key-tree": Scene(keys=("enter", "enter", "v"), is_demo=True),
    "key-tree-narrow": Scene(NARROW, keys=("enter", "enter", "v"), is_demo=True),
    "following": Scene(act=_following, is_demo=True),
    "version": Scene(keys=("v",)),
    "goto": Scene(act=_going_to("resp_01"), is_demo=True),
    "goto-narrow": Scene(NARROW, act=_going_to("resp_none"), is_demo=True),
    "help": Scene(keys=("question_mark",)),
    "palette": Scene(keys=("ctrl+p",)),
    "namespaces": Scene(keys=("enter",)),
    "namespaces-narrow": Scene(NARROW, keys=("enter",)),
    "keys": Scene(keys=("enter", "down", "enter", "n")),
    "keys-narrow": Scene(NARROW, keys=("enter", "down", "enter")),
    "keys-prefix": Scene(NARROW, act=_typing_a_prefix),
    "value": Scene(keys=("enter", "down", "enter", "enter", "i", "down", "down", "right")),
    "value-binary": Scene(NARROW, keys=("enter", "G", "enter", "enter")),
    "tables": Scene(keys=("down", "enter", "down")),
    "tables-narrow": Scene(NARROW, keys=("down", "enter", "down")),
    "tables-waiting": Scene(NARROW, act=_waiting_for_tables),
    "tables-refused": Scene(NARROW, keys=("down", "down", "down", "enter")),
    "rows": Scene(keys=("down", "enter", "down", "enter", "right", "s", "s")),
    "rows-narrow": Scene(NARROW, keys=("down", "enter", "down", "enter")),
    "rows-filtered": Scene(act=_filtered_rows),
    "record": Scene(keys=("down", "enter", "down", "enter", "enter", "G", "k", "right", "down")),
    "record-text-narrow": Scene(NARROW, keys=("down", "enter", "down", "enter", "enter", "v")),
    "export": Scene(keys=("down", "enter", "down", "enter", "e", "shift+tab", "right")),
    "export-narrow": Scene(NARROW, keys=("down", "enter", "down", "enter", "e")),
    "unreadable-narrow": Scene(NARROW, loader=_unreadable),
    "value-light": Scene(keys=("enter", "down", "enter", "enter", "i"), theme="ledger-light"),
    "rotation": Scene(act=_planned),
    "rotation-narrow": Scene(NARROW, act=_planned),
    "rotation-light": Scene(act=_planned, theme="ledger-light"),
    "rotation-planning-narrow": Scene(NARROW, act=_planning),
    "rotation-refused": Scene(act=_refused),
    "rotation-none-narrow": Scene(NARROW, keys=("r",)),
    "rotation-way": Scene(act=_terms),
    "rotation-way-narrow": Scene(NARROW, act=_terms),
    "rotation-asked-narrow": Scene(NARROW, act=_asked),
    "rotation-running": Scene(act=_changing),
    "rotation-done": Scene(act=_changed),
    "rotation-password-narrow": Scene(NARROW, act=_revealed),
    "rotation-left-narrow": Scene(NARROW, act=_left),
    "rotation-half-done": Scene(act=_half_done),
    "catalog-pending-narrow": Scene(NARROW, pending=PENDING),
    "pending": Scene(act=_pending, pending=PENDING),
    "pending-narrow": Scene(NARROW, act=_pending, pending=PENDING),
    "pending-waits": Scene(act=_waits, pending=PENDING),
    "pending-lost-narrow": Scene(NARROW, act=_lost, pending=PENDING),
    "transfer": Scene(keys=("L", "d")),
    "transfer-narrow": Scene(NARROW, keys=("L", "d")),
    "transfer-options": Scene(keys=("L", "d", "m")),
    "transfer-options-narrow": Scene(NARROW, keys=("L", "d", "m")),
    "transfer-running": Scene(act=_bringing),
    "transfer-running-narrow": Scene(NARROW, act=_bringing),
    "transfer-done": Scene(keys=("L", "d", "a", "y")),
    "transfer-pending": Scene(act=_half_brought, pending=(HALF_DONE,)),
    "transfer-pending-narrow": Scene(NARROW, act=_half_brought, pending=(HALF_DONE,)),
    "move": Scene(act=_moving),
    "move-narrow": Scene(NARROW, act=_moving),
    "picker": Scene(request=None, candidates=CANDIDATES),
    "picker-empty": Scene(NARROW, request=None),
    "fleet": Scene(is_fleet=True, keys=("down",)),
    "fleet-narrow": Scene(NARROW, is_fleet=True, keys=("down",)),
    "responses": Scene(keys=("w", "down"), is_demo=True),
    "responses-narrow": Scene(NARROW, keys=("w", "down"), is_demo=True),
    "response": Scene(act=_response(6), is_demo=True),
    "response-narrow": Scene(NARROW, act=_response(16), is_demo=True),
    "response-messages": Scene(act=_response(11, "2"), is_demo=True),
    "response-resume": Scene(act=_response(9, "3"), is_demo=True),
    "response-raw": Scene(act=_response(16, "4"), is_demo=True),
    "chain": Scene(act=_response(11, "c"), is_demo=True),
    "chain-narrow": Scene(NARROW, act=_response(11, "c"), is_demo=True),
    "difference": Scene(act=_response(11, "c", "d"), is_demo=True),
    "home": Scene(is_demo=True, keys=("down",)),
    "home-light": Scene(is_demo=True, keys=("down", "T"), theme="ledger-light"),
    "home-narrow": Scene(NARROW, is_demo=True, keys=("T",)),
    "home-narrow-light": Scene(NARROW, is_demo=True, keys=("down",), theme="ledger-light"),
    "statistics": Scene(keys=("S",), is_demo=True),
    "statistics-light": Scene(keys=("S", "b"), is_demo=True, theme="ledger-light"),
    "statistics-narrow": Scene(NARROW, keys=("S",), is_demo=True),
    "attention": Scene(keys=("A", "down", "down"), is_demo=True),
    "conversation": Scene(keys=("C", "enter"), is_demo=True),
    "orphans": Scene(keys=("C", "O"), is_demo=True),
    "completions": Scene(keys=("M",), is_demo=True),
    "completion": Scene(NARROW, keys=("M", "enter"), is_demo=True),
    "objects": Scene(keys=("O",), is_demo=True),
    "object": Scene(keys=("O", "enter", "enter"), is_demo=True),
    "who": Scene(act=_who, is_demo=True),
    "responses-as-user": Scene(act=_viewing_as_bob, is_demo=True),
    "responses-hidden": Scene(act=_hidden_from_bob, is_demo=True),
    "responses-searching": Scene(act=_searching, is_demo=True, is_large=True),
    "responses-filter": Scene(act=_filling_in_a_filter, is_demo=True),
    "responses-filter-narrow": Scene(NARROW, keys=("w", "slash"), is_demo=True),
    "left-behind": Scene(keys=("L", "down", "down"), is_demo=True),
    "left-behind-narrow": Scene(NARROW, keys=("L", "down", "down"), is_demo=True),
    "upgrade": Scene(keys=("U",), is_demo=True, demo="legacy"),
    "upgrade-narrow": Scene(NARROW, keys=("U",), is_demo=True, demo="legacy"),
    "upgrade-steps": Scene(keys=("U", "end"), is_demo=True, demo="legacy"),
    "migrate": Scene(keys=("U", "m", "n", "n"), is_demo=True, demo="legacy"),
    "migrate-narrow": Scene(NARROW, keys=("U", "m", "n", "n", "space"), is_demo=True, demo="legacy"),
}
