"""Chains: forks, owners, what one response added, circles, missing beginnings, and a thousand in a row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, Stage, demo_stage

NEWEST = 1_900_000_000


def _store(folder: Path, links: Sequence[tuple[str, str | None]]) -> None:
    """Add responses with what each goes on from; the last one comes first in the list."""
    rows = []
    for place, (id_, previous) in enumerate(links):
        mode = "incremental" if previous else None
        body = {
            "id": id_,
            "object": "response",
            "created_at": NEWEST + place,
            "status": "completed",
            "model": "m",
            "previous_response_id": previous,
            "input_storage_mode": mode,
            "input": [{"type": "message", "role": "user", "content": f"ask {place}"}],
            "output": [],
        }
        rows.append((id_, NEWEST + place, json.dumps(body), "m", previous, mode, "alice"))
    with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO responses (id, created_at, response_object, model, previous_response_id, input_storage_mode, "
            "owner_principal) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


async def _chain(found: Stage, row: int = 0) -> None:
    await found.press("w")
    found.app.screen.query_one(Listing).move_cursor(row=row)
    await found.press("c")


async def test_a_fork_moves_in_and_what_is_odd_is_said_in_words() -> None:
    async with demo_stage() as found:
        await _chain(found, 11)
        assert "7 responses  2 before, 1 after  1 fork" in found.text
        assert "├─● resp_4a3cc67b" in found.text
        assert "│ ● resp_38b7b8e0" in found.text
        assert "◆ resp_fa03e5cc" in found.text
        assert "▲ owner changed from alice" in found.text
        await found.press("d")
        assert "+ out 1" in found.text
        assert "get_invoice" in found.text
        await found.press("escape", "g", "enter")
        assert "1 Timeline" in found.text
        assert "(inferred)" in found.text
        await found.press("C")
        assert '{"topic": "invoices of October"}' in found.text


async def test_circles_and_missing_beginnings_are_marked() -> None:
    links = [("resp_lost", "resp_gone"), ("resp_a", "resp_c"), ("resp_b", "resp_a"), ("resp_c", "resp_b")]
    async with demo_stage(fill=lambda folder: _store(folder, links)) as found:
        await _chain(found)
        assert "✗ 3 responses in a cycle" in found.text
        assert found.text.count("✗ cycle") >= 3
        await found.press("escape")
        found.app.screen.query_one(Listing).move_cursor(row=3)
        await found.press("c")
        assert "▲ the beginning is gone: resp_gone" in found.text
        assert "▲ previous response gone" in found.text


async def test_a_chain_of_a_thousand_is_shown_around_the_one_asked_for() -> None:
    links = [(f"resp_{number:04}", f"resp_{number - 1:04}" if number else None) for number in range(1000)]
    async with demo_stage(NARROW, fill=lambda folder: _store(folder, links)) as found:
        await _chain(found)
        assert "1,000 responses  999 before, 0 after" in found.text
        assert "rows 901–1,000" in found.text
        assert "turn 1,000" in found.text
        await found.press("p")
        assert "rows 601–900" in found.text
