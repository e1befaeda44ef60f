"""What strangers wrote is shown inert."""

from __future__ import annotations

import dataclasses

from llama_storage_tui.model.catalog import Family, Reference, ReferenceKind
from llama_storage_tui.model.data import Cell, Column
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.notices import Notice, NoticeKind
from tests.tui import gallery
from tests.tui.gallery import stage
from tests.tui.made_up import MemoryReader, MemoryTable, made_up_catalog, made_up_readers, stored

NASTY = (
    "\x1b[31mred\x1b]52;c;aGk=\x07",
    "\x9b2J\x9d0;title\x9c",
    "[red]not red[/red]",
    "[/bad]",
    "[@click=app.quit]press[/]",
    "$text-success [bold",
    "\u202eevil\u2066\u200b\ufeff",
    "line\nfeed\ttab\rreturn",
    "\ud800 lone",
    "日本語🙂" * 50,
)


def assert_inert(text: str) -> None:
    """No control or format character is on the screen."""
    for character in "\x1b\x07\x9b\x9d\x9c\u202e\u2066\u200b\ufeff\ud800\r\t":
        assert character not in text


async def press(found: gallery.Stage, *series: tuple[str, ...]) -> None:
    """Press series of keys, and look at the screen after each."""
    for keys in series:
        await found.press(*keys)
        assert_inert(found.text)


async def test_a_cell_a_column_and_a_table_of_any_text() -> None:
    tables = {
        nasty: MemoryTable(
            (Column("id", "TEXT", is_primary_key=True), Column(nasty, nasty)),
            [("1", nasty), ("2", None), ("3", b"\x00\xff")],
        )
        for nasty in NASTY
    }
    readers = made_up_readers()
    readers["sql_default"] = MemoryReader(readers["sql_default"].answer, tables=tables)
    async with stage(readers=readers) as found:
        await press(found, ("down", "enter"))
        assert len(tables) == len(NASTY)
        for _ in NASTY:
            await press(
                found, ("enter",), ("right", "s"), ("slash",), ("escape", "e"), ("escape", "enter"), ("v",)
            )
            await press(found, ("escape",), ("escape",), ("down",))
        assert_inert(found.picture)
        assert found.app.is_running


async def test_a_key_and_a_value_of_any_text() -> None:
    readers = made_up_readers()
    readers["kv_default"] = MemoryReader(
        readers["kv_default"].answer,
        keys=[
            *(stored(f"registry:{nasty}", f'{{"{nasty[:3]!r}": [1]}}') for nasty in NASTY),
            *(stored(f"x{nasty}", nasty) for nasty in NASTY),
        ],
    )
    async with stage(readers=readers) as found:
        await press(found, ("enter", "enter"))
        for _ in NASTY:
            await press(found, ("enter",), ("v",), ("escape", "down"))
        await press(found, ("escape", "G", "enter"))
        for _ in NASTY:
            await press(found, ("enter",), ("escape", "down"))
        assert_inert(found.picture)
        assert found.app.is_running


async def test_a_config_of_any_text() -> None:
    catalog = made_up_catalog()
    backend = catalog.backends[0]
    setting = backend.settings[0]
    backends = tuple(
        dataclasses.replace(
            backend,
            name=nasty,
            type=nasty,
            location=nasty,
            path=nasty,
            settings=(dataclasses.replace(setting, name=nasty, value=nasty, expression=nasty),),
        )
        for nasty in NASTY
    )
    catalog = dataclasses.replace(
        catalog,
        config="".join(NASTY),
        distribution="".join(NASTY),
        backends=backends,
        references=tuple(
            Reference(nasty, ReferenceKind.STORE, nasty, Family.KV, nasty, namespace=nasty, note=nasty)
            for nasty in NASTY
        ),
        findings=tuple(Finding(nasty, Severity.ERROR, Stage.LOAD, nasty, nasty, nasty, 1) for nasty in NASTY),
        notices=tuple(Notice(NoticeKind.VARIABLE_DIFFERS, nasty, nasty) for nasty in NASTY),
    )
    readers = dict.fromkeys(NASTY, made_up_readers()["kv_default"])
    async with stage(catalog=catalog, readers=readers) as found:
        for _ in NASTY:
            await press(found, *((key,) for key in ("1", "2", "3", "4", "enter", "escape", "down")))
        await press(found, ("f",))
        for _ in NASTY:
            await press(found, ("down",))
        await press(found, *((key,) for key in ("slash", "escape", "escape", "T", "question_mark", "escape")))
        assert_inert(found.picture)
        assert found.app.is_running


async def test_three_hundred_columns_are_shown_and_scrolled() -> None:
    columns = tuple(Column(f"c{index}", "TEXT", is_primary_key=not index) for index in range(300))
    rows: list[tuple[Cell, ...]] = [tuple(f"{row}-{index}" for index in range(300)) for row in range(50)]
    readers = made_up_readers()
    readers["sql_default"] = MemoryReader(
        readers["sql_default"].answer, tables={"wide": MemoryTable(columns, rows)}
    )
    async with stage(readers=readers) as found:
        await found.press("down", "enter", "enter")
        assert "rows 1–13" in found.text
        await found.press("end")
        assert "c299" in found.text
        await found.press("enter")
        assert "300 columns" in found.text


async def test_keys_that_are_null_or_bytes_are_listed_and_opened() -> None:
    readers = made_up_readers()
    readers["kv_default"] = MemoryReader(
        readers["kv_default"].answer, keys=[stored(None, "of no key"), stored(b"\xff\x00", "of bytes")]
    )
    catalog = made_up_catalog()
    catalog = dataclasses.replace(
        catalog, references=tuple(found for found in catalog.references if found.backend != "kv_default")
    )
    async with stage(readers=readers, catalog=catalog) as found:
        await found.press("enter", "enter")
        assert "NULL" in found.text
        assert "bytes ff 00" in found.text
        await found.press("enter")
        assert "of no key" in found.text
        await found.press("escape", "down", "enter")
        assert "of bytes" in found.text


async def test_numbers_beyond_all_bounds_are_shown() -> None:
    cells: tuple[Cell, ...] = ("1", 10**300, float("nan"), -(2**63))
    columns = tuple(Column(name, "INT") for name in ("id", "created_at", "updated_at", "expires_at"))
    readers = made_up_readers()
    readers["sql_default"] = MemoryReader(
        readers["sql_default"].answer, tables={"odd": MemoryTable(columns, [cells])}
    )
    async with stage(readers=readers) as found:
        await found.press("down", "enter", "enter")
        assert "nan" in found.text
        await found.press("enter", "v")
        assert found.app.is_running
