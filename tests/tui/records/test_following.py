"""Following a list: new records on top, marked, while the place is kept; paused without focus."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from textual import events

from llama_storage_tui.tui.records.response_pages import PAGE
from llama_storage_tui.tui.records.sorted_lists import SortableScreen
from llama_storage_tui.tui.screens.followed import Looked
from llama_storage_tui.tui.values.rows import RowsScreen
from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, Stage, demo_stage


def store(found: Stage, *ids: str, table: str = "responses", time: str = "created_at") -> None:
    """Store copies of the table's last record under other ids, as a server would."""
    request = found.app._request
    assert request is not None
    path = Path(request.config).with_name("sql_store.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        last = connection.execute(f"SELECT * FROM {table} ORDER BY {time} DESC LIMIT 1").fetchone()
        for id_ in ids:
            row = dict(zip(names, last, strict=True)) | {"id": id_}
            if table == "responses":
                row["response_object"] = json.dumps(json.loads(row["response_object"]) | {"id": id_})
            marks = ", ".join("?" * len(names))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", [row[name] for name in names])


async def follow(found: Stage) -> None:
    """Begin to follow the list on show, and wait until it is read for that."""
    await found.press("F")
    await found.until(lambda: "New records come on top" in found.text)


def listed(found: Stage) -> list[str]:
    """Return the lines of the list."""
    lines = found.text.splitlines()
    head = next(place for place, line in enumerate(lines) if line.strip().startswith("Created"))
    return [line.strip() for line in lines[head + 1 : head + 8]]


async def pause(found: Stage) -> None:
    """Take the focus from the terminal while a list is followed."""
    found.app.post_message(events.AppBlur())
    await found.until(lambda: "paused without focus" in found.text)


async def test_new_responses_come_on_top_marked_and_the_cursor_stays_on_the_first_row() -> None:
    async with demo_stage() as found:
        await found.press("w")
        before = listed(found)
        await follow(found)
        assert "● following" in found.text
        assert "Each look reads the rows beyond the last rowid" in found.text
        store(found, "resp_new_1", "resp_new_2")
        await found.until(lambda: "resp_new_2" in found.text)
        lines = listed(found)
        assert [line[0] for line in lines[:3]] == ["+", "+", before[0][0]]
        # The note below the list is on the row under the cursor: the newest one.
        assert found.app.screen.query_one(Listing).cursor_row == 0
        await found.press("escape")
        assert "following" not in found.text.splitlines()[1]
        assert "No longer following." in found.text


async def test_of_more_new_rows_than_a_screen_shows_the_newest_are_listed_and_no_older_ones_below_them() -> (
    None
):
    async with demo_stage() as found:
        await found.press("w")
        await follow(found)
        listing = found.app.screen.query_one(Listing)
        ids = [f"resp_many_{number:03}" for number in range(90)]
        store(found, *ids)
        await found.until(lambda: ids[-1] in found.text)
        count = listing.row_count
        assert listing.size.height < count < len(ids)
        keys = listing._keys
        assert [key.rsplit("/", 1)[1] for key in keys] == ids[: -count - 1 : -1]
        # What is missing below is on the next pages of the list as it is now.
        await found.press("n")
        await found.until(lambda: listing.row_count == PAGE)


async def test_rows_that_nobody_read_are_said_where_the_cursor_has_left_the_first_row_meanwhile() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await follow(found)
        screen = found.app.screen
        assert isinstance(screen, SortableScreen)
        following = screen.following
        assert following is not None
        await pause(found)
        before = listed(found)
        store(found, *(f"resp_many_{number:03}" for number in range(90)))
        look = await following.follower.look()
        await found.press("down")
        found.app.post_message(events.AppFocus())
        await found.until(lambda: "● following" in found.text)
        screen.post_message(Looked(following, look))
        await found.until(lambda: "▲ 90 newer: ctrl+r shows them" in found.text)
        assert listed(found)[1:] == before[1:]


async def test_the_row_under_the_cursor_stays_where_it_is_on_the_screen() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("w")
        await follow(found)
        await found.press("G", "k", "k")
        listing = found.app.screen.query_one(Listing)
        row, line = listing.cursor_row, listing.cursor_row - listing.scroll_offset.y
        note = found.app.screen.query_one("#detail").content  # type: ignore[attr-defined]
        store(found, "resp_new_1", "resp_new_2", "resp_new_3")
        await found.until(lambda: listing.cursor_row == row + 3)
        await found.until(lambda: listing.cursor_row - listing.scroll_offset.y == line)
        assert found.app.screen.query_one("#detail").content == note  # type: ignore[attr-defined]


async def test_it_pauses_without_the_terminals_focus_and_behind_another_screen_and_misses_nothing() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await follow(found)
        await pause(found)
        store(found, "resp_blurred")
        assert [
            worker for worker in found.app.workers if worker.group == "follow" and worker.is_running
        ] == []
        found.app.post_message(events.AppFocus())
        await found.until(lambda: "resp_blurred" in found.text)
        await found.press("enter")
        store(found, "resp_behind")
        assert [
            worker for worker in found.app.workers if worker.group == "follow" and worker.is_running
        ] == []
        await found.press("escape")
        await found.until(lambda: "resp_behind" in found.text)


async def test_what_a_look_found_right_before_a_pause_is_shown() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await follow(found)
        await pause(found)
        screen = found.app.screen
        assert isinstance(screen, SortableScreen)
        following = screen.following
        assert following is not None
        store(found, "resp_between")
        screen.post_message(Looked(following, await following.follower.look()))
        await found.until(lambda: "resp_between" in found.text)
        assert "paused without focus" in found.text


async def test_a_store_that_goes_away_is_said_and_followed_on_when_it_is_back() -> None:
    async with demo_stage() as found:
        request = found.app._request
        assert request is not None
        path = Path(request.config).with_name("sql_store.db")
        away = path.with_name("away.db")
        await found.press("w")
        await follow(found)
        path.rename(away)
        await found.until(lambda: "✗ connection lost" in found.text)
        assert "Following resumes from here" in found.text
        away.rename(path)
        store(found, "resp_after")
        await found.until(lambda: "resp_after" in found.text)
        assert "connection lost" not in found.text


async def test_another_filter_is_followed_in_place_of_the_one_before_and_a_later_page_not_at_all() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await follow(found)
        screen = found.app.screen
        assert isinstance(screen, SortableScreen)
        await found.press("n")
        assert screen.following is None
        assert "responses 101–200" in found.text
        assert "● following" not in found.text


async def test_other_families_are_followed_with_the_same_key() -> None:
    async with demo_stage() as found:
        await found.press("C")
        await follow(found)
        store(found, "conv_new", table="openai_conversations")
        await found.until(lambda: "conv_new" in found.text)
        assert listed(found)[0].startswith("+")


async def test_the_rows_of_a_table_are_followed_with_the_same_key_and_a_new_one_opens_whole() -> None:
    async with demo_stage() as found:
        await found.press("colon", *"openai_conversations", "enter")
        await found.until(lambda: isinstance(found.app.screen, RowsScreen))
        await found.settle()
        await found.press("F")
        await found.until(lambda: "New rows come on top" in found.text)
        listing = found.app.screen.query_one(Listing)
        await found.press("down", "right")
        store(found, "conv_new", table="openai_conversations")
        await found.until(lambda: "conv_new" in found.text)
        # The cell under the cursor is the same as before.
        await found.until(lambda: (listing.cursor_row, listing.cursor_column) == (2, 1))
        assert next(line for line in found.text.splitlines() if "conv_new" in line).strip().startswith("+")
        await found.press("g", "enter")
        assert "conv_new" in found.text
