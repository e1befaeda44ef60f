"""Stored records in the app, on a real PostgreSQL: every list, and what it leads to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.catalog import Opened
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.app import Dependencies
from tests.response_rows import NEW, item_row, message, row
from tests.response_stores import create_tables, insert, keeping
from tests.stores import PostgresStore
from tests.tui.gallery import NOWHERE, WIDE, GalleryApp, Stage, fill_in


def fill(store: PostgresStore) -> None:
    create_tables(store, NEW)
    answer = message("hi", role="assistant", id_="msg_2")
    insert(
        store,
        [
            row(
                "resp_a", created_at=100, owner="alice", output=[message("hi", role="assistant", id_="msg_2")]
            ),
            row("resp_b", created_at=200, owner="bob", previous_response_id="resp_a", status="failed"),
            row("resp_c", created_at=300, owner=None, input=[message("Wo liegt München?")]),
        ],
    )
    insert(store, [{"id": "conv_a", "created_at": 90, "owner_principal": "alice"}], "openai_conversations")
    items = [
        item_row(NEW, "conv_a", "msg_1", sort_order=0),
        item_row(NEW, "conv_a", "msg_2", sort_order=1, data=answer),
        item_row(NEW, "conv_gone", "msg_3"),
    ]
    insert(store, items, "conversation_items")
    choices = [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop", "index": 0}]
    completion: dict[str, Cell] = {
        "id": "chatcmpl_1",
        "created": 100,
        "model": "m",
        "choices": json.dumps(choices),
        "input_messages": "[]",
        "owner_principal": "bob",
    }
    insert(store, [completion], "inference_store")


@asynccontextmanager
async def opened(store: PostgresStore, folder: Path) -> AsyncIterator[Stage]:
    catalog = keeping(store).catalog

    async def load(_request: LoadRequest) -> Opened:
        return Opened(catalog)

    dependencies = Dependencies(
        load=load,
        open_session=Session,
        log_folder=lambda: NOWHERE,
        folder=lambda: folder,
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(NOWHERE / "config.toml")},
    )
    app = GalleryApp(LoadRequest("config.yaml", environ={}), dependencies=dependencies)
    async with app.run_test(size=WIDE) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        yield found


async def test_responses_are_listed_filtered_seen_as_a_user_opened_and_written(
    postgres_store: PostgresStore, tmp_path: Path
) -> None:
    fill(postgres_store)
    async with opened(postgres_store, tmp_path) as found:
        await found.press("w", "slash")
        await fill_in(found, contains="München")
        assert "responses 1–1" in found.text
        await found.press("backspace", "v")
        await fill_in(found, user="bob")
        assert "Hidden: 1 by NULL owner, 1 by SQL filter." in found.text
        await found.press("H")
        assert "✗ NULL owner" in found.text
        await found.press("e", "shift+tab", "shift+tab", "right", "ctrl+s")
        written = [json.loads(line) for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
        assert {each["id"]: each["hidden_by"] for each in written} == {
            "resp_a": "filter",
            "resp_b": None,
            "resp_c": "null-owner",
        }
        await found.press("X", "down", "enter", "w")
        await fill_in(found, user="bob")
        assert "● bob may read it" in found.text
        await found.press("escape", "c")
        assert "2 responses" in found.text
        await found.press("d")
        assert "what was added by › resp_b" in found.text


async def test_what_deserves_a_look_conversations_completions_and_objects_open(
    postgres_store: PostgresStore, tmp_path: Path
) -> None:
    fill(postgres_store)
    async with opened(postgres_store, tmp_path) as found:
        await found.press("A")
        assert "in all 3 responses" in found.text
        await found.press("escape", "C")
        assert "conv_a" in found.text
        await found.press("enter")
        assert "2 items" in found.text
        assert "resp_a" in found.text
        await found.press("escape", "O")
        assert "1 from 1 deleted conversation." in found.text
        await found.press("escape", "escape", "M", "slash")
        await fill_in(found, owner="bob", since="1970-01-01")
        assert "chatcmpl_1" in found.text
        await found.press("enter")
        assert "finished: stop" in found.text
        await found.press("escape", "escape", "O")
        assert "object types" in found.text
        assert found.app.is_running
