"""Keys as a tree, a level at a time: the same on every engine, and bounded where they are many."""

from __future__ import annotations

from llama_storage_tui.model.data import KeyBranch, KeyEntry, KeySelection, Namespace
from llama_storage_tui.services.key_tree import Level, key_level, parent_of
from tests.deployments import deployment
from tests.stores import KeyStore, SqliteStore

EVERYTHING = Namespace("", None, KeySelection())


def parts(level: Level) -> list[tuple[str, int | None]]:
    return [
        (part.prefix, part.keys.value) if isinstance(part, KeyBranch) else (str(part.key), None)
        for part in level.parts
    ]


async def test_a_level_has_its_branches_and_the_keys_between_them(key_store: KeyStore) -> None:
    keys = ("a:1:x", "a:1:y", "a:2", "b", "c::v3::d", "c::v3::e", "z:")
    key_store.fill(dict.fromkeys(keys, "1"))
    async with deployment(key_store).session() as session:
        top = await key_level(session, "kv_default", EVERYTHING)
        assert parts(top) == [("a:", 3), ("b", None), ("c::", 2), ("z:", None)]
        assert top.is_complete
        assert all(part.keys.is_exact for part in top.parts if isinstance(part, KeyBranch))
        assert parts(await key_level(session, "kv_default", EVERYTHING, "a:")) == [("a:1:", 2), ("a:2", None)]
        assert parts(await key_level(session, "kv_default", EVERYTHING, "c::v3::")) == [
            ("c::v3::d", None),
            ("c::v3::e", None),
        ]


async def test_a_large_branch_is_skipped_by_a_seek_and_counted_as_at_least_what_was_seen(
    sqlite_store: SqliteStore,
) -> None:
    keys = [f"large:{number:05}" for number in range(1000)] + ["first", "small:1", "tail"]
    keys += [f"b{number}:x:{inner}" for number in range(5) for inner in range(300)]
    sqlite_store.fill(dict.fromkeys(keys, "1"))
    async with deployment(sqlite_store).session() as session:
        level = await key_level(session, "kv_default", EVERYTHING)
        names = [name for name, _ in parts(level)]
        assert names == ["b0:", "b1:", "b2:", "b3:", "b4:", "first", "large:", "small:", "tail"]
        large = next(part for part in level.parts if isinstance(part, KeyBranch) and part.prefix == "large:")
        assert not large.keys.is_exact
        assert 0 < large.keys.value < 1000
        small = next(part for part in level.parts if isinstance(part, KeyBranch) and part.prefix == "small:")
        assert small.keys.is_exact
        assert level.is_complete


async def test_a_level_of_more_keys_than_its_bound_says_that_there_are_more(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.fill({f"key{number:05}": "1" for number in range(1500)})
    async with deployment(sqlite_store).session() as session:
        level = await key_level(session, "kv_default", EVERYTHING)
        assert not level.is_complete
        assert all(isinstance(part, KeyEntry) for part in level.parts)


async def test_a_namespace_begins_below_its_own_name(sqlite_store: SqliteStore) -> None:
    sqlite_store.fill({"agents:a:1": "1", "agents:b": "1", "other": "1"})
    namespace = Namespace("agents", None, KeySelection(("agents:",)), ("storage.x",))
    async with deployment(sqlite_store).session() as session:
        level = await key_level(session, "kv_default", namespace)
        assert level.prefix == "agents:"
        assert parts(level) == [("agents:a:", 1), ("agents:b", None)]


def test_the_way_up_ends_at_the_top() -> None:
    assert parent_of("a:b:", "") == "a:"
    assert parent_of("a:", "") == ""
    assert parent_of("c::v3::", "") == "c::"
    assert parent_of("agents:a:", "agents:") == "agents:"
    assert parent_of("agents:", "agents:") is None
    assert parent_of("", "") is None


async def test_a_branch_is_found_behind_many_keys_of_its_level_and_behind_what_a_namespace_leaves_out(
    key_store: KeyStore,
) -> None:
    keys = [f"a{number:03}" for number in range(300)] + ["b:1", "b:2:x", "b:3", "c:1", "é:1", "日::1"]
    key_store.fill(dict.fromkeys(keys, "1"))
    namespace = Namespace("", None, KeySelection((), ("b:2:", "c:")))
    async with deployment(key_store).session() as session:
        level = await key_level(session, "kv_default", namespace)
        named = [(name, count) for name, count in parts(level) if count is not None]
        assert named == [("b:", 2), ("é:", 1), ("日::", 1)]
        assert level.is_complete


async def test_what_begins_with_a_branch_lies_below_it_whichever_comes_first(
    sqlite_store: SqliteStore,
) -> None:
    both = {"a:1": "1", "a::x": "1", "b::x": "1", "b:y": "1", "c:": "1", "c:z": "1"}
    sqlite_store.fill(both)
    async with deployment(sqlite_store).session() as session:
        assert parts(await key_level(session, "kv_default", EVERYTHING)) == [("a:", 2), ("b:", 2), ("c:", 2)]
        assert parts(await key_level(session, "kv_default", EVERYTHING, "b:")) == [("b::", 1), ("b:y", None)]


async def test_a_key_that_is_no_text_stops_no_level(sqlite_store: SqliteStore) -> None:
    sqlite_store.fill({"a:1": "1"})
    odd = [(f"b{number:02}".encode(), number) for number in range(40)]
    sqlite_store.insert("INSERT INTO kvstore VALUES (CAST(? || x'ff' AS TEXT), ?, NULL)", odd)
    sqlite_store.insert(
        "INSERT INTO kvstore VALUES (?, ?, NULL)", [(None, "1"), (b"\x00", "2"), ("c:1", "3")]
    )
    async with deployment(sqlite_store).session() as session:
        level = await key_level(session, "kv_default", EVERYTHING)
        named = [part.prefix for part in level.parts if isinstance(part, KeyBranch)]
        assert named == ["a:", "c:"]
        assert sum(isinstance(part, KeyEntry) for part in level.parts) == 42
