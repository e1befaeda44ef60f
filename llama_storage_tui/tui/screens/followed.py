"""Lists that can be followed: new records come on top of the first page as they are stored, and the place is kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import field, replace
from time import monotonic
from typing import Any, ClassVar, Final, TypeVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.following import SECONDS, Followed, Lost, Polling
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.listing import Listing

Question = TypeVar("Question")

MARKED_SECONDS: Final = 10.0
"""How long a new row is marked, counted back from the newest one."""

MOST_ROWS: Final = 500
"""Rows that a followed list shows at most: the cursor may lie that deep while new ones come on top."""

FAST: Final = 10
"""New rows of a look from which on they flow too fast to be read one by one."""

MARK: Final = "+"

ROUND: Final = tuple(digit * 10**power for power in range(1, 5) for digit in (1, 2, 5))
"""Milliseconds of a look, as they are said."""

FAR: Final = 5
"""How many times too large a figure may be before it is replaced."""


@dataclass(eq=False)
class Following:
    """One time of following: what is followed, and how it goes."""

    follower: Polling[Any]
    question: object
    is_paused: bool = False
    lost: Lost | None = None
    milliseconds: int | None = None
    """What a look takes at most, as a round figure."""
    unseen: int = 0
    held: int = 0
    """New records that are not on show, since the cursor lies too deep."""
    words: str = ""
    """What is said when it begins."""
    has_begun: bool = False
    is_back: bool = False
    """Whether the next look is the first one after a pause."""
    arrived: dict[str, float] = field(default_factory=dict)
    """When each new row came, by its key, the newest last."""

    def facts(self) -> list[Shown]:
        """Say how it goes."""
        if self.is_paused:
            return [Shown("◌ following, paused without focus", Tone.MUTED)]
        if self.lost is not None:
            return [Shown(f"✗ connection lost, retrying in {self.lost.wait:.0f} s", Tone.BAD)]
        cost = "" if not self.milliseconds else f", ≤ {self.milliseconds:,} ms a look"
        found = [Shown(f"● following{cost}", Tone.GOOD)]
        if self.held:
            found.append(Shown(f"▲ {self.held:,} newer: ctrl+r shows them", Tone.WARNING))
        if self.unseen:
            found.append(Shown(f"▲ about {self.unseen:,} not seen: ctrl+r", Tone.WARNING))
        return found

    def is_marked(self, key: str) -> bool:
        """Tell whether a row is new."""
        newest = next(reversed(self.arrived.values()), 0.0)
        return newest - self.arrived.get(key, -MARKED_SECONDS) < MARKED_SECONDS


@dataclass(eq=False)
class Looked(Message):
    """A look found something, or nothing, or failed."""

    following: Following
    step: Followed[Any] | Lost


class FollowedPages(PagedScreen[Question]):
    """Pages of records whose first one can be followed. It pauses while the terminal, or this screen, is not looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "F",
            "follow",
            "Follow",
            "list.follow",
            f"Show new records on top as they are stored, until pressed again: a bounded read every {SECONDS} s",
        ),
    ]

    followed_noun = "records"
    """What comes, in the plural."""

    following: Following | None = None
    _has_lost_rows = False
    """Whether new rows have pushed others off the page."""

    def follower(self) -> Polling[Any]:
        """Return what follows the list on show; raises StorageToolError."""
        raise NotImplementedError

    def head(self) -> None:
        """Show the headline anew."""
        raise NotImplementedError

    def add(self, records: Sequence[Any], deepest: int) -> int:
        """Put records on top of the page, the first stored first, and show it, `deepest` rows at most; return how many are new."""
        raise NotImplementedError

    # Beginning and ending

    def action_follow(self) -> None:
        """Follow the list, or stop that."""
        if self.following is not None:
            self.stop_following()
            self.status.say("No longer following.")
            return
        try:
            follower = self.follower()
        except StorageToolError as error:
            self.fail(error)
            return
        follower.newest = self._wanted_of_a_look
        self.following = Following(follower, self._shown)
        self._follow(self.following)
        self.head()

    def stop_following(self) -> None:
        """Follow no longer; what came stays on show."""
        if self.following is not None:
            self.following = None
            self.workers.cancel_group(self, "follow")
            self.head()

    def action_back(self) -> None:
        """End what runs first: a page that is read, then following."""
        if self.following is not None and not self.is_waiting:
            self.action_follow()
        else:
            super().action_back()

    @work(exclusive=True, group="follow", exit_on_error=False)
    async def _follow(self, following: Following) -> None:
        try:
            async with aclosing(following.follower.follow()) as steps:
                async for step in steps:
                    self.post_message(Looked(following, step))
        except StorageToolError as error:
            self.hand_on(self._cannot_follow, following, error)

    def _cannot_follow(self, following: Following, error: StorageToolError) -> None:
        if following is self.following:
            self.stop_following()
            self.fail(error)

    # While it runs

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        following, step = message.following, message.step
        # Also one that was on its way when a pause began: the next look is told nothing of its rows.
        if following is not self.following:
            return
        before = following.facts()
        if isinstance(step, Lost):
            following.lost = step
            self.status.warn(
                self.redact(step.error.message), "Following resumes from here when it answers again."
            )
        else:
            self._found(following, step)
        if following.facts() != before:
            self.head()

    def _found(self, following: Following, step: Followed[Any]) -> None:
        if following.lost is not None:
            following.lost = None
            self.status.say("Connected again; following resumes from where it was.")
        # What is on show is what is stored, also where nothing came.
        self.was_read()
        if step.seconds:
            following.milliseconds = _rounded(step.seconds * 1000, following.milliseconds)
        following.unseen = step.unseen
        if not following.has_begun:
            following.has_begun = True
            following.words = " ".join(
                (f"New {self.followed_noun} come on top.", *notice_words(step.notices), *step.ways)
            )
            self.read_from_top()
        elif following.is_back and step.is_cut:
            following.follower.begin_anew()
            following.has_begun = False
        elif step.records:
            self._take(following, step.records, step.unread)
        following.is_back = False

    def read_from_top(self) -> None:
        """Read the first page: nothing is missed from there on, since the look before has noted where the next one begins."""
        self.ask(self.question)

    def finish(self, note: str = "", *, is_read: bool = True) -> None:
        """Say what came of it; of the first page of a list that is followed, how."""
        following = self.following
        if is_read and following is not None and following.words:
            note, following.words = following.words, ""
        super().finish(note, is_read=is_read)

    def _take(self, following: Following, records: Sequence[Any], unread: int) -> None:
        row = self.listing.cursor_row
        if row + len(records) >= MOST_ROWS or (row and unread):
            # The second where the cursor left the first row during the look: what is below it has to stay, and rows would miss.
            following.held += len(records) + unread
            return
        deepest = self._deepest(row, len(records))
        with self.app.batch_update():
            self.add(records, min(deepest, len(records)) if unread else deepest)
        self._has_lost_rows = self._has_lost_rows or bool(unread)

    def _wanted_of_a_look(self) -> int | None:
        """Return how many of the rows that a look finds can be on show after it; None: all, or nobody can tell."""
        listing = self.listing
        return None if listing.cursor_row or self.hides_some else self._screenful(listing)

    @property
    def hides_some(self) -> bool:
        """Whether some of the records that are found are not listed."""
        return False

    def _screenful(self, listing: Listing) -> int:
        return min(self.page_size, listing.size.height + FAST)

    def _deepest(self, row: int, added: int) -> int:
        """Return how many rows to keep. Below the cursor none goes, since that would move what is on the screen.

        On the first row a fast flow keeps a screen of them: what is below is pushed out in seconds, and each row costs time.
        """
        if row:
            return MOST_ROWS
        return self.page_size if added < FAST else self._screenful(self.listing)

    @property
    def page_size(self) -> int:
        """How many rows a page has."""
        raise NotImplementedError

    def note_new(self, key: str) -> None:
        """Note that a row is new."""
        if self.following is not None:
            arrived = self.following.arrived
            arrived.pop(key, None)  # one that came again is the newest
            arrived[key] = monotonic()
            if len(arrived) > 2 * MOST_ROWS:
                self.following.arrived = dict([*arrived.items()][-MOST_ROWS:])

    def marked(self, cells: tuple[Shown, ...], key: str) -> tuple[Shown, ...]:
        """Return a row's cells, the first one marked where the row is new; of another with room for that, so that columns rest."""
        if self.following is None or not cells:
            return cells
        if not self.following.is_marked(key):
            return (replace(cells[0], text=f"{' ' * len(MARK)} {cells[0].text}"), *cells[1:])
        return (Shown(f"{MARK} {cells[0].text}", Tone.KEY), *cells[1:])

    # What else happens to the list

    def read(self, question: Question, after: Cursor | None) -> None:  # noqa: ARG002 - PagedScreen's signature
        """Follow the list that is asked for now, and none behind its first page."""
        following = self.following
        if following is not None and after is not None:
            self.stop_following()
        elif following is not None:
            following.held = 0

    def arrived(self, following: Cursor | None, rows: int) -> None:
        """Follow what is on show now, where that is another list."""
        super().arrived(following, rows)
        self._has_lost_rows = False
        if self.following is not None and self.following.question != self._shown:
            self.following = None
            # Once what was read is said: why this list cannot be followed would be overwritten by that.
            self.call_later(self.action_follow)

    def action_next(self) -> None:
        """Show the next page; the first one again where new rows have pushed others between the two."""
        if self._has_lost_rows:
            self.stop_following()
            self.ask(self._shown)
        else:
            super().action_next()

    def on_mount(self) -> None:
        """Hear when the terminal loses its focus."""
        self.watch(self.app, "app_focus", self._focused, init=False)

    def _focused(self, has_focus: bool) -> None:  # noqa: FBT001 - Textual's signature
        self._pause(is_paused=not has_focus or self.app.screen is not self)

    def on_screen_suspend(self) -> None:
        """Pause while another screen is on top."""
        self._pause(is_paused=True)

    def on_screen_resume(self) -> None:
        """Go on where it was."""
        self._pause(is_paused=not self.app.app_focus)

    def _pause(self, *, is_paused: bool) -> None:
        following = self.following
        if following is None or following.is_paused is is_paused:
            return
        following.is_paused = is_paused
        if is_paused:
            self.workers.cancel_group(self, "follow")
        else:
            following.is_back = True
            self._follow(following)
        self.head()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to follow before there is a list."""
        if action == "follow":
            return self.can_follow
        return super().check_action(action, parameters)

    @property
    def can_follow(self) -> bool:
        """Whether a list is on show that can be followed."""
        return True


def _rounded(found: float, before: int | None) -> int:
    """Return a round figure that is not exceeded, the one before as long as that is not far too large: each change is drawn."""
    least = next((each for each in ROUND if found <= each), ROUND[-1])
    return before if before is not None and least <= before <= FAR * least else least
