"""Hands the keys to the app one at a time: the next one is not looked at before all that the last one set off is done.

Textual reads a key as soon as it comes. But what a key opens (a form, a dialog, another screen) takes the focus by messages, which
come behind the keys that are there already: those went to whatever had the focus before, where letters are commands. `/qwen`, sent
at once, quit the app.

Six rules hold on every screen, so that no screen needs a word about it:

1. A key waits until the app, its screens and their widgets have no message left from the one before, and are all mounted.
2. A key that nothing takes discards those that came with it, as vi does: what was meant for a form that is not there is no command.
3. What is typed into a field at one stroke ends with that field: once `enter`, `tab` or `escape` has left it, the rest of a paste
   is no command either. Textual treats a bracketed paste alike, of which a field takes the first line.
4. A question before a change is not answered by a key that was sent before it was on the screen.
5. What looks pasted goes into a field, or nowhere: see `looks_pasted`. A terminal that marks pastes says so itself.
6. What cannot be taken back (leaving the program, writing a file, a yes) needs a key that came by itself. In the middle of a pasted
   text the same letter is text that missed its field.

What one stroke is, see `BURST`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Final

from textual.app import App, ScreenStackError
from textual.command import CommandPalette
from textual.events import Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

BURST: Final = 0.02
"""Seconds. Keys that follow each other closer than any hand types belong together, and so do all that come while one before them is
still at work."""
QUICK_TURNS: Final = 200
"""Turns of the event loop in which nearly every key is done."""
DECISIVE: Final = frozenset({"app.quit", "asking.yes", "export.start", "export.enter", "field.take"})
"""Ids of the bindings that need a key by itself."""
SLOW_TURN: Final = 0.005
SLOW_TURNS: Final = 400
"""Two seconds without the time in which the event loop itself was held: then keys are read again, whatever is still at work."""


PASTED_LINE: Final = 16
PASTED_LINES: Final = 10
PASTED_LETTERS: Final = 7
OPENS_FIELD: Final = frozenset({"screen.filter", "app.goto"})


def looks_pasted(text: str) -> bool:
    """Tell whether what came in one read is more than a hand types while a slow line holds it back.

    That is text alone, no arrow and no control key, of some length, shorter where a line break is inside; and not of a few
    letters only, as keys that repeat and walks through a list are.
    """
    if not all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        return False
    has_lines = any(letter in text.rstrip("\r\n") for letter in "\r\n")
    return len(text) >= (PASTED_LINES if has_lines else PASTED_LINE) and len(set(text)) >= PASTED_LETTERS


class Pasted(Message):
    """Keys that came together and look pasted; sent before the first of them."""

    bubble = False

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self.keys = keys


class Typeahead:
    """The keys that wait. `admits` is asked with every key and paste, `discard` tells that nothing took the last one."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._handed: Key | Paste | None = None
        self._watch: asyncio.Task[None] | None = None
        self._latest = self._before = float("-inf")
        """When the last key came, and when the one came that was handed out last."""
        self._has_typed = False
        self._is_discarding = False
        self._screen: Screen[object] | None = None
        """Where the burst began."""
        self._pasted: dict[int, tuple[Key, ...]] = {}
        """Keys that look pasted, by the first of them: judged when that one's turn has come, and a field may be open."""
        self._refused: dict[int, Key] = {}

    def admits(self, event: Key | Paste) -> bool:
        """Return whether the key is to be handled now; one that is not comes again later, or goes nowhere."""
        if event is self._handed:
            self._handed = None
            return self._may_be_handled(event)
        is_free = self._watch is None
        if is_free and event.time - self._latest >= BURST:
            self._has_typed = self._is_discarding = False
            self._screen = self._current_screen
        self._latest = event.time
        if self._is_discarding or id(event) in self._refused:
            self._refused.pop(id(event), None)
            self._pasted.pop(id(event), None)
            return False
        if is_free and all(map(is_at_rest, self._below_app())) and not self._is_decisive(event):
            self._note(event)
            may_be = self._may_be_handled(event)
        else:
            self._waiting.append(event)
            may_be = False
        if is_free:
            self._watch = asyncio.create_task(self._hand_out())
        return may_be

    def expect(self, keys: tuple[Key, ...]) -> None:
        """Know that these keys, still to come, look pasted."""
        self._pasted[id(keys[0])] = keys

    def _is_refused(self, event: Key | Paste, screen: Screen[object] | None, field: Widget | None) -> bool:
        """Tell whether an event is a part of a paste that no field takes, and say so with the first of them."""
        if self._refused.pop(id(event), None) is not None:
            return True
        keys = self._pasted.pop(id(event), None)
        if field is not None or (keys is None and isinstance(event, Key)):
            return False
        if keys is not None:
            active = screen.active_bindings.get(keys[0].key) if screen is not None else None
            if active is not None and active.enabled and active.binding.id in OPENS_FIELD:
                return False
            # Not by their times alone: this thread may have been kept from reading them.
            self._refused = {id(key): key for key in keys[1:]}
        self.discard()
        self._say_ignored()
        return True

    def _say_ignored(self) -> None:
        self._app.notify("Ignored pasted text: no field is open.", severity="warning", markup=False)

    def discard(self) -> None:
        """Forget the keys that wait, and those of the same burst that are still to come."""
        self._is_discarding = True
        self._waiting.clear()

    @property
    def _current_screen(self) -> Screen[object] | None:
        try:
            return self._app.screen
        except ScreenStackError:
            return None

    def _may_be_handled(self, event: Key | Paste) -> bool:
        if isinstance(event, Key) and not self._app.app_focus:
            # Textual does the same with the first key after the terminal itself lost the focus: the field gets it back.
            self._app.app_focus = True
        screen = self._current_screen
        field = _field(screen)
        if self._is_refused(event, screen, field):
            return False
        is_early = screen is not self._screen and not getattr(screen, "takes_typeahead", True)
        if (self._has_typed and field is None) or is_early:
            self.discard()
            return False
        if field is not None:
            is_text = isinstance(event, Paste) or field.check_consume_key(event.key, event.character)
            self._has_typed = self._has_typed or is_text
        return True

    async def _hand_out(self) -> None:
        try:
            while await self._is_done():
                if not self._waiting:
                    return
                event = self._waiting[0]
                if self._is_decisive(event) and not await self._is_alone(event):
                    if self._pasted.pop(id(event), None) is not None:
                        self._say_ignored()
                    self.discard()
                    return
                self._waiting.popleft()
                self._note(event)
                self._handed = event
                self._app.post_message(event)
            self._waiting.clear()
        finally:
            self._watch = None

    def _note(self, event: Key | Paste) -> None:
        self.is_in_burst = event.time - self._before < BURST
        self._before = event.time

    def _is_decisive(self, event: Key | Paste) -> bool:
        """Tell whether a key would do what cannot be taken back."""
        screen = self._current_screen
        if screen is None or isinstance(event, Paste):
            return False
        field = _field(screen)
        if field is not None and field.check_consume_key(event.key, event.character):
            return False
        if isinstance(field, Input) and event.key == "enter":
            return bool(getattr(screen, "is_sent_alone", False))
        found = screen.active_bindings.get(event.key)
        return found is not None and (found.binding.id in DECISIVE or found.binding.action == "quit")

    async def _is_alone(self, event: Key | Paste) -> bool:
        """Wait for what may follow the first key that waits; return False where a key came right before it or right behind it."""
        if event.time - self._before < BURST:
            return False
        await asyncio.sleep(BURST)
        return len(self._waiting) == 1 or self._waiting[1].time - event.time >= BURST

    async def _is_done(self) -> bool:
        """Wait until the last key's effects are over; return False where they do not come to an end."""
        for turn in range(QUICK_TURNS + SLOW_TURNS):
            await asyncio.sleep(0 if turn < QUICK_TURNS else SLOW_TURN)
            if all(map(is_at_rest, (self._app, *self._below_app()))) and not self._is_searching:
                return True
        return False

    def _below_app(self) -> Iterator[Widget]:
        try:
            screens = self._app.screen_stack
        except (ScreenStackError, KeyError):
            return
        for screen in screens:
            yield from screen.walk_children(Widget, with_self=True)

    @property
    def _is_searching(self) -> bool:
        # The palette's list is out of date until its search is over: `enter` would run what the text before this one had found.
        return any(
            isinstance(worker.node, CommandPalette) and not worker.is_finished for worker in self._app.workers
        )


def _field(screen: Screen[object] | None) -> Widget | None:
    """Return what has the focus where that is something to type in."""
    focused = screen.focused if screen is not None else None
    # A TextArea is told by what it alone has: its module is a twentieth of the time to the first frame, and no screen has one.
    is_field = isinstance(focused, Input) or getattr(focused, "read_only", True) is False
    return focused if is_field else None


def is_at_rest(pump: MessagePump) -> bool:
    """Tell whether a part of the app waits for its next message; one that is being mounted does not yet, a closed one is done."""
    if not pump.is_running:
        return pump._mounted_event.is_set()  # noqa: SLF001
    # Nothing public tells a message that is being handled from one that has been.
    is_waiting = bool(pump._message_queue.ready_event._waiters)  # noqa: SLF001
    return is_waiting and not pump.message_queue_size
