"""The newest page is the exact one, however the rows were stored: its floor is a shortcut, never an answer."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.services.responses.listing import list_responses
from tests.queries import asking
from tests.response_stores import create, keeping
from tests.stores import SqliteStore

TIMES: dict[str, Callable[[int, random.Random], object]] = {
    "in order": lambda number, _: 1000 + number // 7,
    "nearly in order": lambda number, chance: 1000 + number + chance.randint(-30, 30),
    "backwards": lambda number, _: 9999 - number,
    "all alike": lambda _, __: 1000,
    "of any kind": lambda number, chance: chance.choice([None, "x", "5", b"z", 1.5, -3, number]),
    "at the end none": lambda number, _: number if number < 200 else None,
}
NEWEST = "SELECT id FROM responses{} ORDER BY created_at IS NULL, created_at DESC, id DESC"


@pytest.mark.parametrize("order", TIMES)
async def test_every_page_is_what_sorting_all_rows_gives(tmp_path: Path, order: str) -> None:
    chance = random.Random(order)  # noqa: S311 - made-up rows
    store = SqliteStore(tmp_path / "sql.db")
    create(store)
    store.insert(
        "INSERT INTO responses (id, created_at, response_object, model) VALUES (?, ?, ?, ?)",
        [
            (
                f"resp_{chance.randint(0, 99)}_{number}",
                TIMES[order](number, chance),
                json.dumps({"id": "x", "model": "a", "status": "completed", "output": []}),
                "a" if number % 90 else "rare",
            )
            for number in range(5_500 if order == "in order" else 300)
        ],
    )
    async with keeping(store).session() as session:
        for limit, model in ((1, None), (37, None), (100, None), (3, "rare"), (100, "rare")):
            where = "" if model is None else f" WHERE model = '{model}'"
            with closing(sqlite3.connect(store.path)) as connection:
                wanted = [str(id_) for (id_,) in connection.execute(NEWEST.format(where))]
            query = asking(limit=limit) if model is None else asking(limit=limit, model=model)
            found: list[str] = []
            for _ in range(5):
                page = await list_responses(session, query)
                found += [str(record.id) for record in page.records]
                if page.next is None:
                    break
                query = replace(query, after=page.next)
            assert found == wanted[: len(found)]
            assert len(found) == min(len(wanted), 5 * limit)
