"""The list of responses: what it shows, how it is filtered, and what a search on a very large table says while it runs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.tui.gallery import NARROW, Stage, demo_stage, fill_in, stage
from tests.tui.made_up import Gate
from tests.tui.paced import Pacing


async def _filter(found: Stage, **texts: str) -> None:
    """Fill in the form: its fields from the first on, the others emptied."""
    await found.press("slash")
    await fill_in(found, **texts)


async def test_responses_come_newest_first_with_what_failed_in_words() -> None:
    async with demo_stage() as found:
        await found.press("w")
        assert "newest first" in found.text
        lines = found.text.splitlines()
        times = [line.split()[1] for line in lines if line.strip().startswith("2025-11-15")]
        assert times == sorted(times, reverse=True)
        assert "✗ failed" in found.text
        assert "▲ NULL" in found.text
        await found.press("down")
        assert "server_error: upstream model timed out after 60 s" in found.text
        await found.press("n")
        assert "responses 101–200" in found.text


async def test_a_filter_is_a_form_its_conditions_stand_in_the_headline_and_can_be_taken_off() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await _filter(found, status="failed", owner="bob")
        assert "only status failed" in found.text
        assert "only owner bob" in found.text
        assert "● completed" not in found.text
        await found.press("slash")
        assert "enter applies" in found.text
        await found.press("escape", "backspace")
        assert "only status failed" in found.text
        assert "owner bob" not in found.text.splitlines()[1]
        await found.press("X")
        assert "only" not in found.text.splitlines()[1]
        assert "● completed" in found.text


async def test_text_is_found_as_people_write_it_and_nobody_can_be_asked_for() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await _filter(found, contains="東京の支店", owner="''")
        assert "only without owner" in found.text
        assert "only containing “東京の支店”" in found.text
        assert "● completed" in found.text
        assert "alice" not in found.text


async def test_what_is_no_time_is_said_while_the_form_stays() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("w")
        await _filter(found, since="yesterday-ish")
        assert "Cannot read 'yesterday-ish' as a time" in found.text
        assert "Conversation" in found.text


async def test_a_very_large_table_is_shown_as_stored_until_it_is_sorted_on_request() -> None:
    async with demo_stage(pacing=Pacing()) as found:
        await found.press("w")
        assert "▲ as stored, close to newest first: o sorts" in found.text
        await found.press("o")
        assert "newest first" in found.text
        assert "as stored" not in found.text


async def test_a_search_shows_what_it_has_found_and_keeps_it_when_it_is_cancelled() -> None:
    pacing = Pacing()
    async with demo_stage(pacing=pacing) as found:
        await found.press("w")
        await _filter(found, status="failed")
        assert "◌ 50 % searched, 4 found" in found.text
        assert "escape cancels" in found.text
        assert found.text.count("✗ failed") == 4
        await found.press("escape")
        assert "▲ incomplete: 50 % searched, 4 found" in found.text
        assert "there may be more" in found.text
        assert found.text.count("✗ failed") == 4
        assert pacing.gate.cancelled
        pacing.gate.open()
        await found.press("ctrl+r")
        assert "6 responses found: everything was searched." in found.text


async def test_a_search_that_finds_more_than_a_page_is_paged_from_what_it_has() -> None:
    async with demo_stage(pacing=Pacing(Gate())) as found:
        await found.press("w")
        await _filter(found, status="completed")
        assert "responses 1–100" in found.text
        await found.press("n", "n")
        assert "responses 201–300" in found.text
        await found.press("p")
        assert "responses 101–200" in found.text


def _many_failed(folder: Path) -> None:
    """Store 2,100 failed responses after everything else."""
    rows = [(f"resp_{number:05}", 1_800_000_000 + number, '{"status": "failed"}') for number in range(2100)]
    with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO responses (id, created_at, response_object) VALUES (?, ?, ?)", rows
        )


async def test_a_search_that_found_a_screenful_waits_and_goes_on_from_there() -> None:
    async with demo_stage(pacing=Pacing(Gate()), fill=_many_failed) as found:
        await found.press("w")
        await _filter(found, status="failed")
        assert "1,000 responses found so far" in found.text
        assert "▲ incomplete" in found.text
        assert "resp_02099" in found.text
        await found.press(*["n"] * 9)
        assert "responses 901–1,000" in found.text
        await found.press("n")
        assert "responses 1,001–1,100" in found.text
        assert "resp_01099" in found.text
        assert "2,000 responses found so far" in found.text
        await found.press("p")
        assert "responses 901–1,000" in found.text
        assert "resp_01199" in found.text
        assert "1,000 responses found so far" in found.text
        await found.press("n", *["n"] * 10)
        assert "responses 2,001–2,100" in found.text
        assert "2,106 responses found: everything was searched." in found.text
        await found.press("n")
        assert "responses 2,101–2,106" in found.text
        assert "2,106 found" in found.text


async def test_the_first_page_of_a_search_is_there_again_without_another_search() -> None:
    pacing = Pacing(Gate())
    async with demo_stage(pacing=pacing) as found:
        await found.press("w")
        await _filter(found, status="completed")
        await found.press("n")
        pacing.gate.close()
        await found.press("p")
        assert "responses 1–100" in found.text
        assert not pacing.gate.waiting


async def test_the_page_or_all_that_fits_is_written_to_a_file(tmp_path: Path) -> None:
    async with demo_stage(folder=tmp_path) as found:
        await found.press("w", "e", "enter")
        page = [json.loads(line) for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
        assert len(page) == 100
        assert page[0]["created_at"] >= page[-1]["created_at"]
        await _filter(found, status="failed")
        await found.press("e")
        assert "All that match" in found.text
        await found.press("shift+tab", "right", "shift+tab", "right", "ctrl+s")
        lines = (tmp_path / "responses.csv").read_text().splitlines()
        assert lines[0].startswith("id,created_at,model,status,owner")
        assert len(lines) == 7
        assert "6 responses written to" in found.text


async def test_an_export_says_how_far_it_is_and_leaves_nothing_when_cancelled(tmp_path: Path) -> None:
    async with demo_stage(pacing=Pacing(), folder=tmp_path) as found:
        await found.press("w", "e", "shift+tab", "shift+tab", "right", "ctrl+s")
        assert "so far, 50 % searched" in found.text
        await found.press("escape")
        assert "Cancelled; no file was left behind." in found.text
        assert not list(tmp_path.iterdir())


async def test_what_a_user_would_not_get_is_counted_by_what_hides_it_and_shown_on_request(
    tmp_path: Path,
) -> None:
    async with demo_stage(NARROW, folder=tmp_path) as found:
        await found.press("w")
        assert "Hidden" not in found.text
        await found.press("v")
        await fill_in(found, user="bob")
        assert "as bob would get them" in found.text
        assert "▲ 108 hidden" in found.text
        assert "Hidden: 107 by SQL filter, 1 by NULL owner." in found.text
        await found.press("H")
        assert "✗ SQL filter" in found.text
        assert "▲ 54 hidden, dimmed" in " ".join(found.text.split())
        await found.press("down", "down")
        assert "hidden: The row belongs to 'alice'" in found.text
        await found.press("e", "enter")
        page = [json.loads(line) for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
        assert sum(each["hidden_by"] is not None for each in page) == 54
        await found.press("H")
        assert "✗ SQL filter" not in found.text


async def test_a_search_as_a_user_counts_what_it_has_met_and_hidden() -> None:
    async with demo_stage(pacing=Pacing(Gate())) as found:
        await found.press("w", "v")
        await fill_in(found, user="bob")
        assert "everything was searched." in found.text
        assert "Hidden: " in found.text
        assert "1 by NULL owner" in found.text
        await found.press("H")
        assert "responses 1–100" in found.text
        assert "✗ SQL filter" in found.text
        assert "searched" not in found.text


async def test_the_table_of_responses_can_be_read_as_such_from_the_tables() -> None:
    async with demo_stage() as found:
        await found.press("down", "enter")
        while "Read as responses" not in found.text:
            await found.press("down")
        await found.press("w")
        assert "› responses" in found.text
        await found.press("escape")
        assert "tables" in found.text


async def test_without_a_place_for_responses_the_screen_says_what_it_would_take() -> None:
    async with stage() as found:
        await found.press("w")
        assert "keeps no responses with this config" in found.text
        await found.press("escape", "escape")
        assert "ogx" in found.text


async def test_hostile_ids_models_and_errors_are_inert() -> None:
    evil = "\x1b]52;c;aGk=\x07[@click=app.quit]x[/][/bad]\u202e"

    def fill(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
            connection.execute(
                "INSERT INTO responses (id, created_at, response_object, model, owner_principal) VALUES (?, ?, ?, ?, ?)",
                (f"resp_{evil}", 1_900_000_000, '{"status": "[/x]", "error": "[red]no"}', evil, evil),
            )

    async with demo_stage(fill=fill) as found:
        await found.press("w", "slash")
        assert "\x1b" not in found.text
        assert "[@click=app.quit]" in found.text
        assert "▲ [/x]" in found.text
        assert "[red]no" in found.text
