"""Chains as stored: up to the first response and down to every branch, on every engine, sound and broken."""

from __future__ import annotations

import json

import pytest

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.chain import Chain, ChainLink, LinkMark
from llama_storage_tui.model.data import Cell
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.chain import ChainProgress, Progress, chain
from tests.response_rows import row
from tests.response_stores import COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store

HOSTILE = "resp_'; DROP TABLE responses; --\u202e[red]\x1b[2J"


def fill(store: Store, rows: list[dict[str, Cell]]) -> None:
    create(store)
    insert(store, rows)


async def found(store: Store, id_: str, *, progress: Progress | None = None) -> Chain:
    async with keeping(store).session() as session:
        return await chain(session, id_, progress=progress)


def linked(id_: str, previous: str | None, **columns: str | int | None) -> dict[str, Cell]:
    mode = "incremental" if previous else None
    return row(id_, previous_response_id=previous, mode=mode, skills=None) | columns


def ids(links: tuple[ChainLink, ...]) -> list[str]:
    return [link.id for link in links]


def marks(found: Chain) -> dict[str, tuple[LinkMark, ...]]:
    every = (*found.links, *found.children, *found.branches)
    return {link.id: link.marks for link in every if link.marks}


FAMILY = [
    ("a", None),
    ("b", "a"),
    ("c", "b"),
    ("d", "c"),
    ("c2", "b"),
    ("c3", "c2"),
    ("d2", "c"),
    ("x", None),
    ("y", "x"),
]


async def test_a_chain_leads_to_the_asked_response_and_holds_every_branch(store: Store) -> None:
    fill(store, [linked(*pair) for pair in FAMILY])
    got = await found(store, "c")
    assert ids(got.links) == ["a", "b", "c"]
    assert ids(got.children) == ["d", "d2"]
    assert ids(got.branches) == ["c2", "c3"]
    assert [link.depth for link in (*got.links, *got.children, *got.branches)] == [0, 1, 2, 3, 3, 2, 3]
    assert {fork.id: fork.children for fork in got.forks} == {"b": ("c", "c2"), "c": ("d", "d2")}
    assert (got.missing_parent, got.cycle, got.owner_changes, got.notices) == (None, (), (), ())
    assert marks(got) == {}
    assert not any(link.inferred for link in got.links)


async def test_children_stored_before_their_parents_are_found(store: Store) -> None:
    fill(store, [linked(*pair) for pair in reversed(FAMILY)])
    got = await found(store, "a")
    assert sorted(ids(got.children)) == ["b", "c", "c2", "c3", "d", "d2"]
    assert ids(got.children)[0] == "b"


async def test_a_missing_parent_is_named(store: Store) -> None:
    fill(store, [linked("b", "gone"), linked("c", "b")])
    got = await found(store, "c")
    assert (ids(got.links), got.missing_parent) == (["b", "c"], "gone")
    assert marks(got) == {"b": (LinkMark.MISSING_PARENT,)}


@pytest.mark.parametrize("asked", ["a", "b", "c"])
async def test_a_cycle_is_followed_once(store: Store, asked: str) -> None:
    fill(store, [linked("a", "c"), linked("b", "a"), linked("c", "b"), linked("tail", "b")])
    got = await found(store, asked)
    assert got.links[-1].id == asked
    assert set(got.cycle) == set(ids(got.links)) == {"a", "b", "c"}
    assert ids(got.children) + ids(got.branches) == ["tail"]
    assert all(LinkMark.CYCLE in link.marks for link in got.links)


async def test_a_cycle_among_the_ancestors_is_told_from_what_hangs_on_it(store: Store) -> None:
    fill(store, [linked("a", "b"), linked("b", "a"), linked("c", "b"), linked("d", "c")])
    got = await found(store, "d")
    assert (ids(got.links), got.cycle) == (["a", "b", "c", "d"], ("a", "b"))
    assert LinkMark.CYCLE not in got.links[-1].marks


async def test_a_response_that_names_itself_is_a_cycle_of_one(store: Store) -> None:
    fill(store, [linked("a", "a"), linked("b", "a")])
    got = await found(store, "a")
    assert (ids(got.links), got.cycle, ids(got.children)) == (["a"], ("a",), ["b"])


async def test_owners_and_tenants_that_change_are_said(store: Store) -> None:
    create(store, columns=f"{COLUMNS}, tenant_id")
    rows = [
        linked("a", None, owner_principal="ann", tenant_id="t1"),
        linked("b", "a", owner_principal="ann", tenant_id="t1"),
        linked("c", "b", owner_principal="", tenant_id="t1"),
        linked("d", "c", owner_principal="", tenant_id="t2"),
        linked("e", "d", owner_principal=None, tenant_id="t2"),
    ]
    insert(store, rows, columns=f"{COLUMNS}, tenant_id")
    got = await found(store, "c")
    assert [(each.id, each.previous_owner, each.owner) for each in got.owner_changes] == [
        ("c", "ann", ""),
        ("d", "", ""),
        ("e", "", None),
    ]
    assert (got.owner_changes[1].previous_tenant, got.owner_changes[1].tenant) == ("t1", "t2")
    assert [id_ for id_, found_ in marks(got).items() if LinkMark.OWNER_CHANGED in found_] == ["c", "d", "e"]


async def test_a_child_older_than_its_parent_is_marked_and_found_however_old(store: Store) -> None:
    fill(store, [linked("a", None), linked("b", "a", created_at=5), linked("c", "b", created_at=None)])
    got = await found(store, "a")
    assert ids(got.children) == ["b", "c"]
    assert marks(got) == {"b": (LinkMark.OLDER_THAN_PARENT,)}


async def test_a_document_that_is_no_response_keeps_its_place_in_the_chain(store: Store) -> None:
    text = "[1, 2]"
    fill(store, [linked("a", None), linked("b", "a", response_object=text), linked("c", "b")])
    got = await found(store, "c")
    assert ids(got.links) == ["a", "b", "c"]
    assert got.links[1].status is None
    assert LinkMark.UNREADABLE in got.links[1].marks


async def test_a_document_that_is_no_json_keeps_its_place_in_the_chain(sqlite_store: SqliteStore) -> None:
    rows = [linked("a", None), linked("b", "a", response_object="{broken"), linked("c", "b")]
    fill(sqlite_store, rows)
    for asked in ("a", "b", "c"):
        got = await found(sqlite_store, asked)
        assert ids(got.links) + ids(got.children) == ["a", "b", "c"]
        assert marks(got)["b"] == (LinkMark.UNREADABLE,)


async def test_rows_that_name_two_parents_are_said(store: Store) -> None:
    edited = linked("b", "a") | {"response_object": linked("b", "z")["response_object"]}
    fill(store, [linked("a", None), edited])
    got = await found(store, "b")
    assert ids(got.links) == ["a", "b"]
    assert "name different previous responses" in notice_words(got.notices)[0]


async def test_hostile_ids_are_ids(store: Store) -> None:
    fill(store, [linked(HOSTILE, None), linked("b", HOSTILE), linked("%", "b"), linked("_", "%")])
    got = await found(store, "%")
    assert ids(got.links) == [HOSTILE, "b", "%"]
    assert ids(got.children) == ["_"]


@pytest.mark.parametrize("asked", ["resp_none", "", "\x00", "\ud83d"])
async def test_an_unknown_id_is_said(store: Store, asked: str) -> None:
    fill(store, [linked("a", None)])
    with pytest.raises(NotFoundError, match="no response"):
        await found(store, asked)


async def test_a_chain_of_a_thousand_is_whole_from_either_end(store: Store) -> None:
    fill(store, [linked(f"r{n:04}", f"r{n - 1:04}" if n else None) for n in range(1000)])
    names = [f"r{n:04}" for n in range(1000)]
    heard: list[ChainProgress] = []
    assert ids((await found(store, "r0999", progress=heard.append)).links) == names
    got = await found(store, "r0000")
    assert ids((*got.links, *got.children)) == names
    assert got.children[-1].depth == 999
    assert {each.step for each in heard} == {"links", "responses"}


async def test_a_response_that_many_continue_is_one_fork(store: Store) -> None:
    fill(store, [linked("hub", None), *(linked(f"r{n:03}", "hub") for n in range(500))])
    got = await found(store, "r007")
    assert len(got.branches) == 499
    assert len(got.forks[0].children) == 500


async def test_the_links_of_documents_count_where_the_table_has_no_column(store: Store) -> None:
    columns = COLUMNS.replace("previous_response_id, input_storage_mode, ", "")
    create(store, columns=columns)
    insert(store, [linked("a", None), linked("b", "a"), linked("c", "b")], columns=columns)
    got = await found(store, "b")
    assert (ids(got.links), ids(got.children)) == (["a", "b"], ["c"])
    assert not any(link.inferred for link in (*got.links, *got.children))
    assert json.loads(str(linked("b", "a")["response_object"]))["previous_response_id"] == "a"
