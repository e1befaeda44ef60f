"""Lists of records sorted by a column: over several tables and engines, with filters, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.data import Count, Order
from llama_storage_tui.model.families import Query
from llama_storage_tui.services.listing import follow_family, list_family
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of
from tests.queries import asking
from tests.response_rows import row
from tests.response_stores import create, insert, keeping
from tests.services.records.test_pages import new_session, old_session
from tests.stores import PostgresStore, SqliteStore, Store

MODELS = ["b", None, "a", "B", "a", "é", None, "b", "", "a"]


def over(*stores: Store) -> Deployment:
    """Return a deployment whose responses lie in a table of each store."""
    names = [f"store{number}" for number, _ in enumerate(stores)]
    config = config_of(
        {
            "kv": backend_of(stores[0], "kv"),
            **{name: backend_of(store, "sql") for name, store in zip(names, stores, strict=True)},
        },
        {"metadata": {"backend": "kv", "namespace": "registry"}},
        {
            "responses": [
                {
                    "provider_id": name,
                    "provider_type": "inline::builtin",
                    "config": {"persistence": {"responses": {"backend": name, "table_name": "responses"}}},
                }
                for name in names
            ]
        },
    )
    return Deployment(catalog_of(config, "1.5.0"))


def fill(*stores: Store) -> None:
    """Spread the responses over stores, in no order: r0 in the first, r1 in the next, and so on."""
    for place, store in enumerate(stores):
        create(store)
        insert(
            store,
            [
                row(f"r{number}", model=model, created_at=number % 3, owner="ab"[number % 2])
                for number, model in enumerate(MODELS)
                if number % len(stores) == place
            ],
        )


async def pages(session: Session, query: Query) -> list[str]:
    ids: list[str] = []
    while True:
        page = await list_responses(session, query)
        assert len(page.records) <= query.limit
        ids += [str(each.id) for each in page.records]
        if page.next is None:
            return ids
        query = replace(query, after=page.next)


RISING = ["r8", "r3", "r2", "r4", "r9", "r0", "r7", "r5", "r1", "r6"]
FALLING = ["r5", "r7", "r0", "r9", "r4", "r2", "r3", "r8", "r6", "r1"]


@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_tables_of_two_engines_are_one_sorted_list(
    sqlite_store: SqliteStore, postgres_store: PostgresStore, tmp_path: Path, limit: int
) -> None:
    stores = (sqlite_store, postgres_store, SqliteStore(tmp_path / "third.db"))
    fill(*stores)
    async with over(*stores).session() as session:
        rising = await pages(session, asking(order=Order("model"), limit=limit))
        falling = await pages(session, asking(order=Order("model", is_descending=True), limit=limit))
        times = await pages(session, asking(order=Order("created_at"), limit=limit))
    assert rising == RISING
    assert falling == FALLING
    assert times == sorted((f"r{n}" for n in range(10)), key=lambda id_: (int(id_[1:]) % 3, id_))


async def test_a_list_is_sorted_by_what_it_shows_under_a_name(store: Store) -> None:
    fill(store)
    async with over(store).session() as session:
        assert await pages(session, asking(order=Order("owner"), limit=4)) == [
            *(f"r{n}" for n in range(0, 10, 2)), *(f"r{n}" for n in range(1, 10, 2)),
        ]  # fmt: skip
        page = await list_responses(session, asking(order=Order("model"), owner="a", limit=2))
    assert [each.id for each in page.records] == ["r8", "r2"]
    assert page.read == Count(10, is_exact=True)


async def test_a_sorted_page_is_filled_up_past_what_a_user_may_not_see(store: Store) -> None:
    fill(store)
    async with keeping(store).session() as session:
        sees = ViewAs(session.catalog, Viewer("a", {}))
        query, ids = asking(order=Order("model"), limit=2), []
        while True:
            page = await list_responses(session, query, sees=sees)
            ids += [each.id for each in page.records]
            if page.next is None:
                break
            query = replace(query, after=page.next)
    assert ids == [each for each in RISING if int(each[1:]) % 2 == 0]


async def test_what_no_engine_can_sort_by_is_refused_in_one_sentence(store: Store) -> None:
    fill(store)
    async with over(store).session() as session:
        for name, said in (
            (
                "status",
                "Responses cannot be sorted by 'status', which is inside the JSON of column response_object",
            ),
            ("response_object", "Column 'response_object' holds JSON and cannot be sorted."),
            ("nothing", "Responses cannot be sorted by 'nothing'"),
        ):
            with pytest.raises(UsageError) as caught:
                await list_responses(session, asking(order=Order(name)))
            assert caught.value.message == said


async def test_families_that_lie_in_keys_are_not_sorted(store: Store) -> None:
    async with old_session(store) as session:
        with pytest.raises(UsageError, match="Prompts are kept as keys on backend kv_default"):
            await list_family(session, "prompts", Query(order=Order("id")))


async def test_families_that_lie_in_tables_are_sorted(store: Store) -> None:
    async with new_session(store) as session:
        page = await list_family(session, "files", Query(order=Order("bytes", is_descending=True)))
        assert [each.id for each in page.records] == ["file-in", "file-late"]
        page = await list_family(session, "jobs", Query(order=Order("id")))
        assert [each.id for each in page.records] == ["job_1"]


async def test_a_cursor_of_another_sort_is_refused(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other.db")
    fill(sqlite_store, other)
    async with over(sqlite_store, other).session() as session:
        page = await list_responses(session, asking(order=Order("model"), limit=1))
        for order in (Order("model", is_descending=True), Order("id")):
            with pytest.raises(UsageError, match="does not belong"):
                await list_responses(session, asking(order=order, limit=1, after=page.next))


async def test_a_type_that_only_its_server_can_sort_is_not_merged(
    postgres_store: PostgresStore, sqlite_store: SqliteStore
) -> None:
    fill(postgres_store, sqlite_store)
    postgres_store.execute("ALTER TABLE responses ADD COLUMN at timestamptz; UPDATE responses SET at = now()")
    sqlite_store.execute("ALTER TABLE responses ADD COLUMN at TEXT; UPDATE responses SET at = '2026-01-01'")
    async with over(postgres_store).session() as session:
        assert len(await pages(session, asking(order=Order("at"), limit=2))) == 5
    async with over(postgres_store, sqlite_store).session() as session:
        with pytest.raises(UsageError, match="only its own server knows"):
            await list_responses(session, asking(order=Order("at")))


async def test_a_sorted_list_is_not_followed(sqlite_store: SqliteStore) -> None:
    fill(sqlite_store)
    async with over(sqlite_store).session() as session:
        with pytest.raises(UsageError, match="sorted by a column cannot be followed"):
            follow_family(session, "responses", asking(order=Order("model")))
