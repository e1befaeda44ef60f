"""One value, one record."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from llama_storage_tui.tui.values.value import ValueScreen
from llama_storage_tui.tui.widgets.json_tree import MOST_CHILDREN, JsonTree
from llama_storage_tui.tui.widgets.text_pane import TextPane
from tests.tui.gallery import Stage, stage
from tests.tui.made_up import MemoryReader, made_up_readers, stored


def readers_with(*values: object) -> dict[str, MemoryReader]:
    """Return the usual readers, with these values in the first namespace."""
    readers = made_up_readers()
    entries = [
        stored(
            f"registry:{index:04d}",
            value if isinstance(value, str | bytes) or value is None else json.dumps(value),
        )
        for index, value in enumerate(values)
    ]
    readers["kv_default"] = MemoryReader(readers["kv_default"].answer, keys=entries)
    return readers


async def open_first(found: Stage) -> None:
    """Open the first value of the first namespace."""
    await found.press("enter", "enter", "enter")
    assert isinstance(found.app.screen, ValueScreen)


async def test_json_opens_as_a_tree_and_turns_into_text() -> None:
    async with stage(readers=readers_with({"id": "m1", "tags": ["a", "b"]})) as found:
        await open_first(found)
        assert '"m1"' in found.text
        assert "2 items" in found.text
        await found.press("v")
        assert '"tags": [' in found.text


async def test_children_are_made_when_a_node_is_opened_and_not_all_at_once() -> None:
    async with stage(readers=readers_with({"small": 1, "many": list(range(1000))})) as found:
        await open_first(found)
        tree = found.app.screen.query_one(JsonTree)
        many = tree.root.children[1]
        assert not many.children
        await found.press("down", "right")
        assert len(many.children) == MOST_CHILDREN + 1
        await found.press("G", "enter")
        assert len(many.children) == 2 * MOST_CHILDREN + 1


async def test_json_inside_json_strings_opens_on_request() -> None:
    async with stage(readers=readers_with({"outer": json.dumps({"inner": {"deep": 7}})})) as found:
        await open_first(found)
        assert '"{"inner": {"deep": 7}}"' in found.text
        await found.press("i", "down", "l")
        assert "deep   7" in found.text or "deep  7" in found.text
        assert "inner JSON opened" in found.text


async def test_plain_text_is_shown_as_text_and_bytes_as_hex() -> None:
    async with stage(readers=readers_with("just words\nin two lines", b"\x00\xffab")) as found:
        await open_first(found)
        assert "in two lines" in found.text
        await found.press("escape", "down", "enter")
        assert "00000000  00 ff 61 62" in found.text


async def test_broken_json_is_text() -> None:
    async with stage(readers=readers_with('{"cut": ')) as found:
        await open_first(found)
        assert '{"cut":' in found.text


async def test_a_value_of_fifty_megabytes_is_cut_and_read_whole_on_request() -> None:
    async with stage(readers=readers_with("x" * 50_000_000)) as found:
        await open_first(found)
        assert "only the first 1,000,000 characters of 50.0 MB" in found.text
        assert "part 1 of 10" in found.text
        await found.press("n")
        assert "part 2 of 10" in found.text
        await found.press("m")
        assert "part 1 of 500" in found.text
        assert found.app.screen.query_one(TextPane).virtual_size.height < 2_000


async def test_a_record_opens_whole_with_its_times_read() -> None:
    async with stage() as found:
        await found.press("down", "enter", "down", "enter", "down", "enter")
        assert "chatcmpl-0001" in found.text
        assert "1767225661  2026-01-01 00:01:01 UTC" in found.text
        await found.press("v")
        assert '"temperature": 0.2' in found.text


async def test_expiry_of_a_value_is_said() -> None:
    readers = made_up_readers()
    expires = datetime(2027, 3, 1, 12, tzinfo=UTC)
    readers["kv_default"] = MemoryReader(
        readers["kv_default"].answer, keys=[stored("registry:a", "1", expires)]
    )
    async with stage(readers=readers) as found:
        await open_first(found)
        assert "expires 2027-03-01 12:00:00 UTC" in found.text


async def test_a_key_that_is_gone_meanwhile_is_said_in_place() -> None:
    readers = readers_with("text")
    async with stage(readers=readers) as found:
        await found.press("enter", "enter")
        readers["kv_default"].key_values.values = []
        await found.press("enter")
        assert "That key is gone" in found.text
        await found.press("y", "v", "i", "m", "n", "p", "escape")
        assert "registry:0000" in found.text


async def test_reading_a_value_can_be_cancelled() -> None:
    async with stage() as found:
        await found.press("enter", "enter")
        found.readers["kv_default"].gate.close()
        await found.press("enter")
        assert "Reading registry:v9::model:embed-small" in found.text
        await found.press("escape")
        assert "Cancelled" in found.text
        await found.press("escape")
        assert "keys 1–4" in found.text
