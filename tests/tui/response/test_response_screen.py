"""One response: its timeline, the messages, whether it can be resumed, what is stored, and who may read it."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from textual.widgets import Input

from llama_storage_tui.demo.book import Book, Item, answered, asked
from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, Stage, demo_stage

NEWEST = 1_900_000_000


def _store(folder: Path, *bodies: Mapping[str, object] | str) -> None:
    """Add responses that come first in the list, the first of them on top."""
    with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
        for place, body in enumerate(bodies):
            row = (f"resp_added{place}", NEWEST - place, body if isinstance(body, str) else json.dumps(body))
            connection.execute(
                "INSERT INTO responses (id, created_at, response_object, owner_principal) VALUES (?, ?, ?, 'alice')",
                row,
            )


def _body(asked_: Sequence[Item], output: Sequence[Item], **fields: object) -> Item:
    """Return the object that a server would store."""
    book = Book(random.Random(1))  # noqa: S311 - made-up data, not keys
    book.respond(NEWEST, asked_, output, **fields)  # type: ignore[arg-type]
    body: Item = json.loads(str(book.tables["responses"][0][2]))
    return body


async def _open(found: Stage, row: int = 0) -> None:
    await found.press("w")
    found.app.screen.query_one(Listing).move_cursor(row=row)
    await found.press("enter")


async def test_the_timeline_begins_at_what_failed_and_shows_its_whole_text_beside_it() -> None:
    async with demo_stage() as found:
        await _open(found, 6)
        assert "✗ MCP call tickets.create_ticket" in found.text
        assert "error: 401 Unauthorized: the token of this connection has" in found.text
        assert "↳ approval" in found.text
        assert " before  user" in found.text
        await found.press("G")
        assert "I could not open the ticket: the ticket system refused the" in found.text
        await found.press("escape")
        assert "newest first" in found.text


async def test_why_a_response_ended_is_the_end_of_its_timeline_and_in_the_headline() -> None:
    bodies: list[Mapping[str, object]] = [
        {
            "status": "failed",
            "error": {"code": "server_error", "message": "out of memory"},
            "input": [],
            "output": [],
        },
        {
            "status": "in_progress",
            "input": [{"type": "message", "role": "user", "content": "hi"}],
            "output": [],
        },
    ]
    async with demo_stage(NARROW, fill=lambda folder: _store(folder, *bodies)) as found:
        await _open(found)
        assert "✗ failed  server_error: out of memory" in found.text
        assert "end" in found.text
        await found.press("escape", "down", "enter")
        assert "the server stopped while it ran" in found.text


async def test_messages_that_disagree_with_the_items_are_marked_and_say_why() -> None:
    sent = [{"role": "user", "content": "what was sent"}, {"role": "assistant", "content": "this"}]
    body = _body([asked("what is stored")], [answered("this")], messages=sent)
    async with demo_stage(fill=lambda folder: _store(folder, body)) as found:
        await _open(found)
        await found.press("2")
        assert "▲ user" in found.text
        assert "what was sent" in found.text
        assert "disagreement with the items" in found.text
        await found.press("3")
        assert "can be resumed" in found.text
        assert "from its stored messages" in found.text
        await found.press("4")
        assert "response_object" in found.text


async def test_without_messages_the_verdict_names_what_would_be_lost_or_why_it_fails() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body = _body([asked("hello")], [search, answered("yes")], messages=[])
    async with demo_stage(fill=lambda folder: _store(folder, body, '{"id": ')) as found:
        await _open(found)
        await found.press("3")
        assert "converted to messages (ogx 1.5.0)" in found.text
        assert "▲ 1 × " in found.text
        await found.press("escape", "down", "enter")
        assert "✗ its object cannot be read" in found.text
        await found.press("3")
        assert "✗ cannot be resumed" in found.text


async def test_a_long_history_is_listed_from_its_end_and_a_long_text_in_parts() -> None:
    turns = [{"type": "message", "role": "user", "content": f"turn {number}"} for number in range(700)]
    long = {"type": "message", "role": "user", "content": "x y " * 60_000}
    body = {"status": "completed", "input": [*turns, long], "output": []}
    async with demo_stage(fill=lambda folder: _store(folder, body)) as found:
        await _open(found)
        assert "▲ no output" in found.text
        await found.press("k")
        assert "Part 1 of 3 of a long text." in found.text
        await found.press("n")
        assert "Part 2 of 3" in found.text
        await found.press("g")
        assert "… 402 earlier: enter shows them" in found.text
        await found.press("enter", "g")
        assert "… 102 earlier: enter shows them" in found.text


async def test_hostile_items_are_inert() -> None:
    evil = "\x1b]52;c;aGk=\x07[@click=app.quit]x[/][/bad]\u202e"
    item = {"type": evil, "role": evil, "content": evil, "name": evil, "id": evil}
    body = {
        "status": evil,
        "model": evil,
        "instructions": evil,
        "input": [item],
        "output": [item],
        "messages": [item],
    }
    async with demo_stage(fill=lambda folder: _store(folder, body)) as found:
        await _open(found)
        for key in ("1", "2", "3", "4"):
            await found.press(key)
            assert "\x1b" not in found.text
            assert "\u202e" not in found.text
        assert found.app.is_running


async def test_a_response_that_is_gone_is_said_and_reload_finds_it_again() -> None:
    async with demo_stage(NARROW) as found:
        await _open(found, 1)
        await found.press("escape")
        folder = Path(found.app._request.config).parent  # type: ignore[union-attr]
        with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
            connection.execute("DELETE FROM responses")
        await found.press("enter")
        assert "No response" in found.text


async def test_who_may_read_is_answered_for_a_user_with_stage_and_reason() -> None:
    async with demo_stage() as found:
        await _open(found, 11)
        await found.press("w")
        assert "every request is anonymous and may not read it" in found.text
        for name, text in (("user", "bob"), ("attributes", '{"teams": ["support"]}')):
            found.app.screen.query_one(f"#field-{name}", Input).value = text
        await found.press("enter")
        assert "✗ bob may not read it" in found.text
        assert "the SQL filter" in found.text
        found.app.screen.query_one("#field-attributes", Input).value = '{"teams": ["sales"]}'
        await found.press("enter")
        assert "● bob may read it" in found.text
        found.app.screen.query_one("#field-attributes", Input).value = "no json"
        await found.press("enter")
        assert "The attributes are not JSON" in found.text
        await found.press("escape")
        assert "1 Timeline" in found.text


async def test_the_list_shows_what_one_user_would_get() -> None:
    async with demo_stage() as found:
        await found.press("w", "v")
        found.app.screen.query_one("#field-user", Input).value = "alice"
        await found.press("enter")
        assert "as alice would get them" in found.text
        assert "▲ NULL" not in found.text
        assert " bob " not in found.text
        await found.press("X")
        assert " bob " in found.text
