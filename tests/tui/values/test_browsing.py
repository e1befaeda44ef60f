"""Namespaces and keys, tables and rows: a page at a time."""

from __future__ import annotations

import re

from textual.widgets import Input

from llama_storage_tui.errors import BackendError, FailureKind
from tests.tui.gallery import NARROW, Stage, stage


async def test_namespaces_come_with_their_keys_counted_and_the_rest_unassigned() -> None:
    async with stage() as found:
        await found.press("enter")
        assert "(unassigned)" in found.text
        assert "~450" in found.text
        await found.press("x")
        assert "455 keys in all." in found.text
        assert "~" not in found.text


async def test_namespaces_are_named_before_they_are_counted() -> None:
    async with stage() as found:
        found.readers["kv_default"].gate.close()
        await found.press("enter")
        assert "vector_io::faiss" in found.text
        assert "Counting the keys of kv_default" in found.text
        await found.press("escape")
        assert "Cancelled" in found.text
        assert found.readers["kv_default"].gate.cancelled


async def test_keys_come_page_by_page_forth_and_back() -> None:
    async with stage() as found:
        await found.press("enter", "down", "enter")
        assert "keys 1–200" in found.text
        await found.press("n")
        assert "keys 201–400" in found.text
        assert "vs_0200" in found.text
        await found.press("n")
        assert "keys 401–450" in found.text
        assert "This is the last page" in found.text
        await found.press("n")
        assert "keys 401–450" in found.text
        await found.press("p", "p")
        assert "keys 1–200" in found.text


async def test_a_prefix_is_asked_of_the_server_and_shown() -> None:
    async with stage() as found:
        await found.press("enter", "down", "enter", "n", "slash")
        await found.type("vector_stores:v3::vs_044")
        await found.press("enter")
        assert "only keys beginning with vector_stores:v3::vs_044" in found.text
        assert "keys 1–10" in found.text


async def test_an_expired_key_is_marked_in_words() -> None:
    async with stage() as found:
        await found.press("enter", "down", "enter")
        assert "✗ expired 2025-11-02 08:30:00 UTC" in found.text


async def test_tables_show_estimates_as_such_and_count_on_request() -> None:
    async with stage() as found:
        await found.press("down", "enter")
        assert "~620" in found.text
        assert "~ marks an estimate" in found.text
        await found.press("x")
        assert "~620" not in found.text


async def test_a_backend_that_refuses_shows_why_in_place() -> None:
    async with stage(NARROW) as found:
        await found.press("down", "down", "down", "enter")
        assert "refused the password of archivist" in found.text
        await found.press("escape")
        assert "sql_archive" in found.text


async def _rows(found: Stage) -> None:
    await found.press("down", "enter", "down", "enter")


async def test_rows_come_page_by_page_in_key_order() -> None:
    async with stage() as found:
        await _rows(found)
        assert "rows 1–200" in found.text
        assert "in key order" in found.text
        await found.press("n", "n", "n")
        assert "rows 601–620" in found.text
        await found.press("p")
        assert "rows 401–600" in found.text


async def test_a_time_stands_beside_its_number() -> None:
    async with stage() as found:
        await _rows(found)
        assert "2026-01-01 00:00:00  1767225600" in found.text
        await found.press("u")
        assert "times in local time" in found.text


async def test_sorting_turns_from_ascending_to_descending_to_none() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("right", "s")
        assert "sorted by created_at ascending" in found.text
        await found.press("s")
        assert "sorted by created_at descending" in found.text
        assert "created_at ▼" in found.text
        assert "chatcmpl-0619" in found.text
        await found.press("s")
        assert "in key order" in found.text


async def test_a_filter_begins_with_the_column_under_the_cursor_and_is_shown() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("l", "l", "slash")
        await found.type("llama-4-scout")
        await found.press("enter")
        assert "only model=llama-4-scout" in found.text
        assert "rows 1–155" in found.text
        await found.press("slash", "ctrl+u", "enter")
        assert "only" not in found.text


async def test_conditions_on_several_columns_hold_together_and_go_one_by_one() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("slash", "ctrl+u")
        await found.type("owner is null")
        await found.press("enter", "l", "l", "slash")
        await found.type("llama-4-scout")
        await found.press("enter")
        assert "only owner is null  and model=llama-4-scout" in found.text
        rows = int(re.findall(r"rows 1–(\d+)", found.text)[0])
        assert rows < 124
        await found.press("slash")
        assert "model=llama-4-scout" in found.app.screen.query_one(Input).value
        await found.press("ctrl+u", "enter")
        assert "only owner is null" in found.text
        assert "model=" not in found.text
        assert "rows 1–124" in found.text
        await found.press("backspace")
        assert "only" not in found.text
        await found.press("backspace")
        assert "rows 1–200" in found.text


async def test_a_second_condition_on_a_column_takes_the_place_of_the_first() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("l", "l", "slash")
        await found.type("llama-4-scout")
        await found.press("enter", "slash", "ctrl+u")
        await found.type("model=none")
        await found.press("enter")
        assert "No rows match." in found.text
        assert "only model=none" in found.text
        await found.press("backspace")
        assert "rows 1–200" in found.text


async def test_null_can_be_asked_for() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("slash", "ctrl+u")
        await found.type("owner is null")
        await found.press("enter")
        assert "only owner is null" in found.text
        assert "rows 1–124" in found.text


async def test_a_condition_that_makes_no_sense_is_explained_and_changes_nothing() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("n", "slash", "ctrl+u")
        await found.type("colour=red")
        await found.press("enter")
        assert "has no column 'colour'" in found.text
        assert "rows 201–400" in found.text


async def test_a_cancelled_sort_leaves_the_page_and_its_way_forward() -> None:
    async with stage() as found:
        await _rows(found)
        gate = found.readers["sql_default"].gate
        gate.close()
        await found.press("right", "s")
        assert "Reading rows of inference_store, sorted by created_at" in found.text
        await found.press("escape")
        assert gate.cancelled == 1
        gate.open()
        await found.press("n")
        assert "rows 201–400" in found.text
        assert "in key order" in found.text


async def test_reload_asks_again_for_what_was_cancelled() -> None:
    async with stage() as found:
        await _rows(found)
        gate = found.readers["sql_default"].gate
        gate.close()
        await found.press("n", "escape")
        gate.open()
        await found.press("ctrl+r")
        assert "rows 201–400" in found.text


async def test_rows_are_counted_exactly_on_request() -> None:
    async with stage() as found:
        await _rows(found)
        await found.press("x")
        assert "620 rows are selected." in found.text
        assert "rows 1–200 of 620" in found.text


async def test_an_empty_table_says_so() -> None:
    async with stage() as found:
        await found.press("down", "enter", "G", "enter")
        assert "This table is empty." in found.text
        await found.press("enter", "y", "e", "s")
        assert "This table is empty." in found.text


async def test_a_failure_while_paging_leaves_the_page_on_show() -> None:
    async with stage() as found:
        await _rows(found)
        found.readers["sql_default"].answer = BackendError(
            "db.internal:5432 does not answer", failure=FailureKind.UNREACHABLE, help="Is the server up?"
        )
        await found.press("n")
        assert "does not answer" in found.text
        assert "Is the server up?" in found.text
        assert "chatcmpl-0000" in found.text


async def test_a_password_in_an_error_is_masked() -> None:
    async with stage() as found:
        await _rows(found)
        found.readers["sql_default"].answer = BackendError(
            "login tr0ub4dor-and-3 refused", failure=FailureKind.AUTHENTICATION
        )
        await found.press("n")
        assert "login ******** refused" in found.text
