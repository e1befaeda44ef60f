"""How responses ended is counted by hour, model and owner: of those stored last at once, of all where asked for."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.statistics import ResponseStatistics, StatisticsBy
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.services.responses.statistics import statistics
from llama_storage_tui.services.session import Session
from tests.deployments import deployment
from tests.response_rows import row
from tests.response_stores import EARLIER_COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store

HOUR = 1_700_006_400
NOW = HOUR + 3_700.0


async def views(session: Session, *, exact: bool = False, recent: int = 1_000) -> list[ResponseStatistics]:
    async with aclosing(statistics(session, exact=exact, recent=recent, now=NOW)) as found:
        return [view async for view in found]


async def test_statuses_tokens_and_durations_are_counted_for_each_hour_model_and_owner(store: Store) -> None:
    create(store)
    used = {"total_tokens": 50}
    durations = [
        row(f"resp_{seconds}", created_at=HOUR, completed_at=HOUR + seconds, owner="alice", usage=used)
        for seconds in range(1, 21)
    ]
    odd = [
        row("resp_failed", created_at=HOUR + 3_600, status="failed", model="small", usage=None),
        row("resp_stuck", created_at=HOUR, status="queued", owner=None, usage={"total_tokens": "many"}),
        row("resp_back", created_at=HOUR, completed_at=HOUR - 5),
        row("resp_pondering", created_at=HOUR + 3_601, status="pondering"),
        row("resp_list", text="[1]"),
        row("resp_timeless", created_at=None),
    ]
    insert(store, [*durations, *odd])
    async with keeping(store).session() as session:
        (seen,) = await views(session)
    assert (seen.rows, seen.is_exact, seen.stuck) == (26, True, 1)
    assert seen.whole.statuses == {
        "completed": 22,
        "failed": 1,
        "queued": 1,
        "unknown": 1,
        "unreadable": 1,
    }
    hours = {each.start: each for each in seen.hours}
    assert hours[HOUR].responses == 22
    assert (hours[HOUR].durations, hours[HOUR].p50, hours[HOUR].p95) == (20, 10.0, 19.0)
    assert hours[HOUR].tokens == 20 * 50 + 3
    assert hours[HOUR + 3_600].count("failed", "unknown") == 2
    assert hours[None].responses == 1
    assert [each.start for each in seen.hours[1:]] == sorted(each.start or 0 for each in seen.hours[1:])
    models = {each.name: each for each in seen.groups(StatisticsBy.MODEL)}
    assert models["small"].count("failed") == 1
    owners = {each.name: each.responses for each in seen.groups(StatisticsBy.OWNER)}
    assert owners["alice"] == 20
    assert owners[None] == 1
    assert seen.whole.last("failed") == HOUR + 3_600


async def test_a_sample_of_the_last_stored_says_that_it_is_one_and_exact_counts_the_rest(
    store: Store,
) -> None:
    create(store)
    insert(
        store,
        [
            row(f"resp_{n}", created_at=HOUR + n, status="failed" if n < 10 else "completed")
            for n in range(600)
        ],
    )
    async with keeping(store).session() as session:
        (sample,) = await views(session, recent=300)
        *_, whole = await views(session, recent=300, exact=True)
    assert (sample.rows, sample.is_exact, sample.whole.count("failed")) == (300, False, 0)
    assert scope(sample) == "in the last 300 responses stored"
    assert (whole.rows, whole.is_exact, whole.whole.count("failed")) == (600, True, 10)


async def test_rows_of_servers_before_owners_and_models_had_columns_are_counted(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("store") / "sql.db")
    create(store, columns="id, created_at, response_object")
    made = row("resp_1", created_at=HOUR)
    insert(store, [{name: made[name] for name in ("id", "created_at", "response_object")}])
    async with keeping(store).session() as session:
        (seen,) = await views(session)
    assert [each.name for each in seen.models] == ["openai/gpt-4o"]
    assert seen.owners == ()


async def test_a_config_that_keeps_no_responses_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("store") / "sql.db")
    create(store, columns=EARLIER_COLUMNS)
    async with deployment(store, "1.5.0").session() as session:
        with pytest.raises(NotFoundError):
            await views(session)
