"""What deserves a look, conversations, chat completions and other objects: from a list to what each refers to."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from textual.widgets import Input

from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, demo_stage, fill_in
from tests.tui.paced import Pacing

EVIL = "\x1b]52;c;aGk=\x07[@click=app.quit]x[/][/bad]\u202e"


async def test_reasons_to_look_come_with_counts_and_open_their_responses() -> None:
    async with demo_stage() as found:
        await found.press("A")
        assert "in all 322 responses" in found.text
        assert "✗ failed" in found.text
        assert "→ Open one and read its error" in found.text
        await found.press("enter")
        assert "only failed" in found.text
        assert "responses 1–6" in found.text
        assert "● completed" not in found.text
        await found.press("X")
        assert "● completed" in found.text
        await found.press("escape")
        assert "what deserves a look" in found.text


async def test_a_conversation_leads_to_its_responses() -> None:
    async with demo_stage() as found:
        await found.press("C")
        assert '{"topic": "invoices of October"}' in found.text
        await found.press("enter")
        assert "3 responses" in found.text
        pane = found.app.screen.query_one("ReadingPane Listing")
        pane.move_cursor(row=6)  # type: ignore[attr-defined]
        await found.press("enter")
        assert "1 Timeline" in found.text


async def test_chat_completions_are_filtered_and_conditions_taken_off_one_by_one() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("M", "slash")
        assert "Contains" in found.text
        assert "Status" not in found.text
        await fill_in(found, owner="bob", contains="db-7")
        assert "only owner bob  only containing “db-7”" in found.text
        assert "alice" not in found.text
        await found.press("backspace")
        assert "containing" not in found.text
        await found.press("slash")
        await fill_in(found, owner="zoe")
        assert "No chat completions match." in found.text
        await found.press("X")
        assert "only" not in found.text.splitlines()[1]


async def test_conversations_are_filtered_and_what_is_no_time_is_said() -> None:
    async with demo_stage() as found:
        await found.press("C", "slash")
        await fill_in(found, owner="bob", since="yesterday-ish")
        assert "Cannot read 'yesterday-ish' as a time" in found.text
        await fill_in(found, owner="bob", since="2025-11-14")
        assert "only owner bob  only since 2025-11-14 00:00:00" in found.text
        assert '{"topic": "case 14"}' in found.text
        assert "alice" not in found.text


async def test_items_whose_conversation_is_gone_are_a_key_away_and_can_be_read() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("C", "O")
        assert "7 from 2 deleted conversations" in found.text
        await found.press("enter")
        assert "The conversation is gone: only its items are left." in found.text
        await found.press("escape", "escape")
        assert "› conversations" in found.text


async def test_a_scan_for_orphans_says_how_far_it_is_and_is_cancelled() -> None:
    pacing = Pacing()
    async with demo_stage(pacing=pacing) as found:
        await found.press("C", "O")
        assert "Looking at every item: 50 %" in found.text
        await found.press("escape")
        assert pacing.gate.cancelled
        assert "Cancelled" in found.text
        pacing.gate.open()
        await found.press("ctrl+r")
        assert "7 from 2 deleted conversations" in found.text


async def test_gone_conversations_are_listed_a_page_at_a_time_and_odd_ones_are_inert() -> None:
    def fill(folder: Path) -> None:
        rows = [(f"conv_{number}", f"msg_{number}") for number in range(120)]
        with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
            connection.executemany(
                "INSERT INTO conversation_items (conversation_id, id) VALUES (?, ?)",
                [*rows, (EVIL, "a"), (EVIL, "b"), (EVIL, "c"), (EVIL, "d"), (EVIL, "e"), (EVIL, "f")],
            )

    async with demo_stage(fill=fill) as found:
        await found.press("C", "O")
        assert "\x1b" not in found.text
        assert "[@click=app.quit]" in found.text
        assert "133 from 123 deleted conversations" in found.text
        await found.press("n")
        assert "101–123" in found.text
        await found.press("p")
        assert "1–100" in found.text
        await found.press("n", "ctrl+r")
        assert "1–100" in found.text


async def test_objects_are_filtered_by_what_their_family_has_and_all_by_a_condition() -> None:
    async with demo_stage() as found:
        await found.press("O", "enter", "slash")
        await found.type("batch")
        await found.press("enter")
        assert "only purpose batch" in found.text
        assert "No files match." in found.text
        assert "⏎ Open" not in found.text
        await found.press("X")
        assert "file-" in found.text
        assert "⏎ Open" in found.text
        await found.press("escape", *["down"] * 5, "enter")
        assert "demo › objects › Skills" in found.text
        await found.press("slash")
        assert [each.id for each in found.app.screen.query(Input)] == ["field-where"]


async def test_a_chat_completion_names_the_response_that_it_was_made_for() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("M")
        assert "● tool calls" in found.text
        await found.press("enter")
        assert "sent 1" in found.text
        assert "got 1" in found.text
        await found.press("G", "enter")
        assert "› responses › resp_f8c93630" in found.text


async def test_objects_lead_from_families_over_lists_to_records() -> None:
    async with demo_stage() as found:
        await found.press("O")
        assert "Files" in found.text
        assert re.search(r"Prompts\s+5 ", found.text)
        await found.press("enter")
        assert "Protokoll München.docx" in found.text
        await found.press("enter")
        assert "filename" in found.text
        await found.press("escape", "escape", "escape")
        assert "Backend" in found.text


async def test_hostile_conversations_completions_and_objects_are_inert() -> None:
    def fill(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
            connection.execute(
                "INSERT INTO openai_conversations (id, created_at, metadata, owner_principal) VALUES (?, 1900000000, ?, ?)",
                (EVIL, json.dumps({"topic": EVIL}), EVIL),
            )
            connection.execute(
                "INSERT INTO inference_store (id, created, model, choices, input_messages, owner_principal) "
                "VALUES (?, 1900000000, ?, ?, ?, ?)",
                (EVIL, EVIL, json.dumps([{"finish_reason": EVIL, "message": {"role": EVIL}}]), EVIL, EVIL),
            )
            connection.execute(
                "INSERT INTO openai_files (id, filename, created_at) VALUES (?, ?, 1900000000)", (EVIL, EVIL)
            )

    async with demo_stage(fill=fill) as found:
        for key in ("C", "M", "O"):
            await found.press(key, "enter")
            assert "\x1b" not in found.text
            await found.press("enter")
            assert "\x1b" not in found.text
            assert "\u202e" not in found.text
            await found.press("escape", "escape")
        assert found.app.is_running


async def test_a_narrow_list_of_any_family_cuts_texts_before_numbers_and_times() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("O")
        families = found.app.screen.query_one(Listing).row_count
        filled = 0
        for place in range(families):
            found.app.screen.query_one(Listing).move_cursor(row=place)
            await found.press("enter")
            listing = found.app.screen.query_one(Listing)
            if listing.row_count:
                filled += 1
                assert listing.virtual_size.width <= listing.size.width, found.text
            await found.press("escape")
        assert filled >= 5
        found.app.screen.query_one(Listing).move_cursor(row=0)
        await found.press("enter")
        assert "bytes" in found.text
        assert "522,571" in found.text
