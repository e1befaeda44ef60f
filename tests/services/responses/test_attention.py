"""What deserves a look is found where it is, counted once, and opens as a list of the same responses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.attention import Attention, CategoryName, Thresholds
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.responses.categories import categories, category
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.session import Session
from tests.deployments import deployment
from tests.queries import asking
from tests.response_rows import row
from tests.response_stores import EARLIER_COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store

NOW = 1_700_010_000.0
SMALL = Thresholds(large=3_000)


def planted() -> dict[str, dict[str, Cell]]:
    """Make one response of each category that both engines can hold."""
    return {
        "failed": row("resp_failed", status="failed", error={"code": "x", "message": "y"}),
        "incomplete": row("resp_incomplete", status="incomplete"),
        "stuck": row("resp_stuck", status="queued", created_at=1_700_000_000),
        "no-object": row("resp_list", text='["\\u001b[31m"]'),
        "no-store": row("resp_of_0_4", store=None),
        "no-owner": row("resp_null", owner=None),
        "empty-output": row("resp_empty", output=[]),
        "very-large": row("resp_large", instructions="x" * 4_000),
        "no-time": row("resp_timeless", created_at=None),
        "future-time": row("resp_future", created_at=1_700_020_000),
        "unknown-status": row("resp_unknown", status="pondering"),
    }


@asynccontextmanager
async def session_of(store: Store, version: str = "1.5.0") -> AsyncIterator[Session]:
    async with keeping(store, version).session() as session:
        yield session


async def views(session: Session, *, exact: bool = True, recent: int = 2_000) -> list[Attention]:
    async with aclosing(attention(session, SMALL, exact=exact, recent=recent, now=NOW)) as found:
        return [view async for view in found]


def counts(view: Attention) -> dict[str, int]:
    return {each.category.name: each.count for each in view.categories if each.count}


async def test_each_category_finds_its_response_and_no_other(store: Store) -> None:
    create(store)
    young = row("resp_young", status="in_progress", created_at=int(NOW) - 60)
    insert(store, [row("resp_good"), young, *planted().values()])
    async with session_of(store) as session:
        (view,) = await views(session)
    assert view.is_exact
    assert view.rows == 13
    found = {
        each.category.name: [example.id for example in each.examples]
        for each in view.categories
        if each.count
    }
    assert found == {name: [made["id"]] for name, made in planted().items()}


async def test_broken_text_is_a_category_of_its_own(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [row("resp_cut", text='{"status": "fail'), row("resp_good")])
    async with session_of(sqlite_store) as session:
        (view,) = await views(session)
    assert counts(view) == {"unparsable": 1}


async def test_a_category_opens_as_a_list_of_what_it_counts(store: Store) -> None:
    create(store)
    insert(store, [row("resp_good"), *planted().values()])
    async with session_of(store) as session:
        (view,) = await views(session)
        for each in view.categories:
            page = await list_responses(session, asking(conditions=each.category.conditions))
            assert [summary.id for summary in page.records] == [example.id for example in each.examples]


async def test_the_first_view_is_of_the_last_stored_and_then_grows_to_all(store: Store) -> None:
    create(store)
    old = [row(f"resp_{n:04}", status="failed" if n < 10 else "completed") for n in range(3_000)]
    insert(store, old)
    async with session_of(store) as session:
        (first,) = await views(session, exact=False, recent=100)
        all_of_it = await views(session, exact=True, recent=100)
    assert 100 <= first.rows < 3_000
    assert not first.is_exact
    assert first.estimated_rows >= first.rows
    assert scope(first).startswith("in the last ")
    assert counts(first) == {}
    assert [view.rows for view in all_of_it] == sorted(view.rows for view in all_of_it)
    assert all_of_it[-1].is_exact
    assert all_of_it[-1].rows == 3_000
    assert counts(all_of_it[-1]) == {"failed": 10}


async def test_a_table_without_owners_is_told_and_the_rest_is_counted(store: Store) -> None:
    columns = EARLIER_COLUMNS.replace(", access_attributes, owner_principal", "")
    create(store, "openai_responses", columns=columns)
    insert(store, [row("resp_1", status="incomplete")], "openai_responses", columns=columns)
    async with session_of(store, "0.3.5") as session:
        (view,) = await views(session)
    assert counts(view) == {"incomplete": 1}
    assert any("owner_principal" in notice for notice in notice_words(view.notices))


async def test_a_table_that_is_not_there_yet_is_nothing_to_look_at(store: Store) -> None:
    store.execute("CREATE TABLE other (id VARCHAR PRIMARY KEY)")
    async with session_of(store) as session:
        (view,) = await views(session)
    assert view.rows == 0
    assert view.is_exact
    assert counts(view) == {}
    assert len(view.notices) == 1


async def test_a_config_without_responses_is_refused(store: Store) -> None:
    store.execute("CREATE TABLE other (id VARCHAR PRIMARY KEY)")
    async with deployment(store).session() as session:
        with pytest.raises(NotFoundError):
            await views(session)


def test_every_category_has_a_name_of_its_own() -> None:
    found = categories(Version(1, 5), SMALL, now=NOW, tenancy=Tenancy.MULTI)
    assert sorted(each.name for each in found) == sorted(CategoryName)
    with pytest.raises(UsageError):
        category("odd", Version(1, 5), SMALL, now=NOW)


def test_only_versions_that_need_store_and_servers_with_tenants_have_those_categories() -> None:
    earlier = {each.name for each in categories(Version(0, 4, 7), SMALL, now=NOW)}
    assert set(CategoryName) - earlier == {"no-store", "no-tenant"}
    assert "no-store" in {each.name for each in categories(Version(0, 5), SMALL, now=NOW)}
