from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.errors import BackendError, NotFoundError, UsageError
from llama_storage_tui.model.access import AccessStage, Decision, Hiding
from llama_storage_tui.model.records import DocumentShape, RecordOrder
from llama_storage_tui.model.responses import ResponseError, ResponseSummary
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.listing import is_large, list_responses, search_responses
from llama_storage_tui.services.session import Session
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of
from tests.queries import asking
from tests.response_rows import message, row
from tests.response_stores import EARLIER_COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store


async def found(deployment: Deployment, **query: object) -> list[str]:
    async with deployment.session() as session:
        page = await list_responses(session, asking(**query))  # type: ignore[arg-type]
    return [str(summary.id) for summary in page.records]


def some(store: Store) -> Deployment:
    create(store)
    insert(
        store,
        [
            row("r1", created_at=100, owner="alice"),
            row("r2", created_at=300, owner="bob", model="other", status="failed", output=[], usage=None,
                error={"code": "server_error", "message": "upstream said 500"}),
            row("r3", created_at=200, owner=None, status="incomplete", incomplete_details={"reason": "length"}),
            row("r4", created_at=300, previous_response_id="r1",
                input=[message('Wo liegt München? Er sagte "dort"\nunten')]),
            row("r5", created_at=150, output=[{"type": "function_call", "id": "fc_1", "call_id": "c1",
                "name": "weather", "arguments": json.dumps({"city": 'Zürich "Altstadt"'})}]),
        ],
    )  # fmt: skip
    return keeping(store)


async def test_the_newest_come_first_and_ties_by_id(store: Store) -> None:
    assert await found(some(store)) == ["r4", "r2", "r3", "r5", "r1"]


async def test_as_stored_the_last_written_come_first(store: Store) -> None:
    assert await found(some(store), order=RecordOrder.STORED) == ["r5", "r4", "r3", "r2", "r1"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"status": "failed"}, ["r2"]),
        ({"status": "queued"}, []),
        ({"status": "!=completed"}, ["r2", "r3"]),
        ({"status": "in failed, incomplete"}, ["r2", "r3"]),
        ({"status": "=failed"}, ["r2"]),
        ({"owner": "!= alice"}, ["r4", "r2", "r3", "r5"]),
        ({"model": "!=other", "owner": "alice"}, ["r1"]),
        ({"model": "other"}, ["r2"]),
        ({"owner": "alice"}, ["r1"]),
        ({"owner": ""}, ["r4", "r5"]),
        ({"since": 200}, ["r4", "r2", "r3"]),
        ({"until": 150}, ["r5", "r1"]),
        ({"since": 150, "until": 200}, ["r3", "r5"]),
        ({"contains": "München"}, ["r4"]),
        ({"contains": "Mu\u0308nchen"}, ["r4"]),
        ({"contains": 'sagte "dort"\nunten'}, ["r4"]),
        ({"contains": "Zürich"}, ["r5"]),
        ({"contains": '"Altstadt"'}, ["r5"]),
        ({"contains": "münchen"}, []),
        ({"contains": "upstream said", "status": "failed"}, ["r2"]),
        ({"contains": "upstream said", "status": "completed"}, []),
        ({"status": "~omplet"}, ["r4", "r3", "r5", "r1"]),
        ({"model": "=~other"}, []),
        ({"owner": ">alice"}, ["r2"]),
        ({"where": "status = failed"}, ["r2"]),
        ({"where": "response_object.status in failed,incomplete and created_at < 250"}, ["r3"]),
        ({"where": "created_at >= 200\nstatus != failed\n"}, ["r4", "r3"]),
        ({"where": "response_object.error is not null"}, ["r2"]),
        ({"where": "response_object.usage.total_tokens > 2 and model != other"}, ["r4", "r3", "r5", "r1"]),
        ({"where": "response_object.output.0.name ~ eathe"}, ["r5"]),
        ({"where": "response_object~Altstadt"}, ["r5"]),
        ({"where": "owner_principal is null"}, ["r3"]),
        ({"where": "status = salt and pepper"}, []),
    ],
)
async def test_each_filter_selects_what_it_says(
    store: Store, query: dict[str, object], ids: list[str]
) -> None:
    deployment = some(store)
    assert await found(deployment, **query) == ids
    async with deployment.session() as session:
        batches = [batch async for batch in search_responses(session, asking(**query))]  # type: ignore[arg-type]
    assert sorted(str(each.id) for batch in batches for each in batch.responses) == sorted(ids)


async def test_a_condition_that_cannot_be_asked_is_refused_with_what_can(store: Store) -> None:
    deployment = some(store)
    async with deployment.session() as session:
        for where, said in (
            ("nope = 1", "'nope' is not a filter of responses"),
            ("model.x = 1", "nothing inside"),
            ("response_object = x", "cannot be filtered as a whole"),
            ("created_at > 'x'", "is not a value of column 'created_at'"),
            ("status", "is not a condition"),
        ):
            with pytest.raises(UsageError, match=said):
                await list_responses(session, asking(where=where))


async def test_a_summary_says_what_matters_of_a_response(store: Store) -> None:
    async with some(store).session() as session:
        page = await list_responses(session, asking())
    by_id = {str(summary.id): summary for summary in page.records}
    failed, incomplete, child, call = by_id["r2"], by_id["r3"], by_id["r4"], by_id["r5"]
    assert failed.error == ResponseError("server_error", "upstream said 500")
    assert (failed.input_items, failed.output_items, failed.total_tokens) == (1, 0, None)
    assert (incomplete.incomplete, incomplete.owner, incomplete.error) == ("length", None, None)
    assert (child.previous_response_id, child.total_tokens, child.owner) == ("r1", 3, "")
    assert call.output_ids == ("fc_1",)
    assert (call.place.backend, call.place.table) == ("sql_default", "responses")
    assert page.is_complete
    assert not page.notices


async def test_pages_end_and_miss_nothing(store: Store) -> None:
    create(store)
    insert(store, (row(f"r{n:03}", created_at=n // 3) for n in range(25)))
    deployment = keeping(store)
    async with deployment.session() as session:
        for order in RecordOrder:
            ids, query = [], asking(limit=7, order=order)
            while True:
                page = await list_responses(session, query)
                ids += [str(summary.id) for summary in page.records]
                if page.next is None:
                    break
                query = replace(query, after=page.next)
            assert ids == [f"r{n:03}" for n in reversed(range(25))]


async def test_what_somebody_may_not_see_leaves_pages_full(store: Store) -> None:
    create(store)
    insert(
        store, (row(f"r{n:04}", created_at=n, owner="alice" if n % 100 == 0 else "bob") for n in range(1200))
    )

    hiding = Hiding(AccessStage.FILTER)

    def is_alices(summary: ResponseSummary) -> Decision:
        return Decision(summary.owner == "alice", "", None if summary.owner == "alice" else hiding.stage)

    async with keeping(store).session() as session:
        for order in RecordOrder:
            first = await list_responses(session, asking(limit=5, order=order), sees=is_alices)
            assert [s.id for s in first.records] == [f"r{n:04}" for n in (1100, 1000, 900, 800, 700)]
            rest = await list_responses(
                session, asking(limit=50, order=order, after=first.next), sees=is_alices
            )
            assert [s.id for s in rest.records] == [f"r{n:04}" for n in (600, 500, 400, 300, 200, 100, 0)]
            assert rest.next is None
            assert (first.hidden, rest.hidden) == ({hiding: 5 * 99}, {hiding: 7 * 99})
            marked = await list_responses(session, asking(limit=150, order=order), sees=is_alices, marks=True)
            assert [s.id for s in marked.records] == [f"r{n:04}" for n in range(1199, 1049, -1)]
            assert [s.id for s in marked.records if s.hidden is None] == ["r1100"]
            assert marked.hidden == {hiding: 149}
        found = [batch async for batch in search_responses(session, asking(), sees=is_alices)]
        assert sum((Counter(batch.hidden) for batch in found), Counter()) == {hiding: 1188}


async def test_a_search_that_found_enough_goes_on_where_it_stopped(store: Store) -> None:
    create(store)
    insert(store, (row(f"r{n:04}", owner="alice" if n % 3 == 0 else "bob") for n in range(1000)))
    hiding = Hiding(AccessStage.FILTER)

    def is_alices(summary: ResponseSummary) -> Decision:
        return Decision(summary.owner == "alice", "", None if summary.owner == "alice" else hiding.stage)

    ids: list[str] = []
    hidden: Counter[Hiding] = Counter()
    query = asking(limit=1)
    async with keeping(store).session() as session:
        while True:
            found = [batch async for batch in search_responses(session, query, sees=is_alices, most=70)]
            assert [batch.next for batch in found[:-1]] == [None] * (len(found) - 1)
            assert all(batch.done <= batch.total for batch in found)
            part = [str(each.id) for batch in found for each in batch.responses]
            ids += part
            hidden += sum((Counter(batch.hidden) for batch in found), Counter())
            if found[-1].next is None:
                break
            assert len(part) == 70
            query = replace(query, after=found[-1].next)
    assert ids == [f"r{n:04}" for n in reversed(range(0, 1000, 3))]
    assert hidden == {hiding: 1000 - len(ids)}


async def test_a_search_goes_on_into_the_next_table(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    deployment = two_tables(sqlite_store, tmp_path)
    every: list[list[str]] = []
    async with deployment.session() as session:
        for most in (1, 2, None):
            ids: list[str] = []
            query = asking()
            while True:
                found = [batch async for batch in search_responses(session, query, most=most)]
                ids += [str(each.id) for batch in found for each in batch.responses]
                if not found or found[-1].next is None:
                    break
                query = replace(query, after=found[-1].next)
            every.append(ids)
    assert every[0] == every[1] == every[2]
    assert sorted(every[0]) == list("abcdefgh")


async def test_what_is_hidden_at_the_end_of_a_table_counts_on_its_last_page(store: Store) -> None:
    create(store)
    insert(store, (row(f"r{n}", created_at=n, owner="alice" if n > 6 else "bob") for n in range(10)))
    hiding = Hiding(AccessStage.POLICY, "rule")

    def is_alices(summary: ResponseSummary) -> Decision:
        is_hers = summary.owner == "alice"
        return Decision(is_hers, "", None if is_hers else hiding.stage, None if is_hers else hiding.rule)

    async with keeping(store).session() as session:
        full = await list_responses(session, asking(limit=2), sees=is_alices)
        last = await list_responses(session, asking(limit=2, after=full.next), sees=is_alices)
    assert (full.hidden, last.hidden, last.next) == ({}, {hiding: 7}, None)


async def test_a_table_without_the_columns_of_later_versions_is_read(store: Store) -> None:
    create(store, "openai_responses", columns=EARLIER_COLUMNS)
    insert(store, [row("r1", owner="bob")], "openai_responses", columns=EARLIER_COLUMNS)
    deployment = keeping(store, "0.3.5", table="responses")
    async with deployment.session() as session:
        page = await list_responses(session, asking())
    assert [(s.id, s.owner, s.place.table, s.previous_response_id) for s in page.records] == [
        ("r1", "bob", "openai_responses", None)
    ]


async def test_documents_that_no_server_could_read_are_listed_as_what_they_are(
    sqlite_store: SqliteStore,
) -> None:
    create(sqlite_store)
    texts = {"text": "{cut", "list": "[1]", "null": "null", "none": None, "bare": '"resp"'}
    insert(sqlite_store, [row(name, text=text) for name, text in texts.items() if text is not None])
    sqlite_store.execute("INSERT INTO responses (id) VALUES ('none')")
    async with keeping(sqlite_store).session() as session:
        page = await list_responses(session, asking())
    assert {str(s.id): s.shape for s in page.records} == {
        "text": DocumentShape.BROKEN,
        "list": DocumentShape.LIST,
        "null": DocumentShape.NULL,
        "none": DocumentShape.ABSENT,
        "bare": DocumentShape.SCALAR,
    }
    assert page.records[-1].created_at is None


async def test_a_table_that_is_not_there_yet_is_said_and_no_error(store: Store) -> None:
    store.execute("CREATE TABLE other (id VARCHAR)")
    async with keeping(store).session() as session:
        page = await list_responses(session, asking())
        assert page.records == ()
        assert "no table responses" in notice_words(page.notices)[0]
        assert not await is_large(session)


async def test_a_table_of_another_shape_is_said(store: Store) -> None:
    store.execute("CREATE TABLE responses (id VARCHAR PRIMARY KEY)")
    async with keeping(store).session() as session:
        page = await list_responses(session, asking())
    assert "lacks created_at, response_object" in notice_words(page.notices)[0]
    assert not page.is_complete


async def test_a_config_that_keeps_no_responses_is_said() -> None:
    config = config_of({"kv": {"type": "kv_sqlite", "db_path": "/nowhere/kv.db"}}, {})
    async with Session(catalog_of(config, "1.5.0")) as session:
        with pytest.raises(NotFoundError, match="keeps no responses"):
            await list_responses(session, asking())


async def test_a_backend_out_of_reach_is_its_own_failure(sqlite_store: SqliteStore) -> None:
    async with keeping(sqlite_store).session() as session:
        with pytest.raises(BackendError):
            await list_responses(session, asking())


def two_tables(store: SqliteStore, folder: Path) -> Deployment:
    other = SqliteStore(folder / "other.db")
    for each, names in ((store, "aceg"), (other, "bdfh")):
        create(each)
        insert(each, (row(name, created_at=ord(name)) for name in names))
    config = config_of(
        {
            "kv": backend_of(store, "kv"),
            "one": backend_of(store, "sql"),
            "two": backend_of(other, "sql"),
        },
        {"metadata": {"backend": "kv", "namespace": "registry"}},
        {
            "responses": [
                {
                    "provider_id": name,
                    "provider_type": "inline::builtin",
                    "config": {"persistence": {"responses": {"backend": name, "table_name": "responses"}}},
                }
                for name in ("one", "two")
            ]
        },
    )
    return Deployment(catalog_of(config, "1.5.0"))


async def test_several_tables_are_one_list_by_time(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    deployment = two_tables(sqlite_store, tmp_path)
    async with deployment.session() as session:
        for order in RecordOrder:
            ids, query = [], asking(limit=3, order=order)
            while True:
                page = await list_responses(session, query)
                ids += [str(summary.id) for summary in page.records]
                if page.next is None:
                    break
                query = replace(query, after=page.next)
            assert ids == list("hgfedcba")
        with pytest.raises(UsageError, match="cursor"):
            await list_responses(session, asking(after="nonsense"))


async def test_one_of_several_tables_out_of_reach_hides_not_the_others(
    sqlite_store: SqliteStore, tmp_path: Path
) -> None:
    deployment = two_tables(sqlite_store, tmp_path)
    (tmp_path / "other.db").unlink()
    async with deployment.session() as session:
        page = await list_responses(session, asking())
    assert [s.id for s in page.records] == list("geca")
    assert not page.is_complete
    assert "backend two was not read" in notice_words(page.notices)[0]


async def test_a_search_says_how_far_it_is_over_all_tables(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    async with two_tables(sqlite_store, tmp_path).session() as session:
        batches = [batch async for batch in search_responses(session, asking(contains="answer"))]
    assert len([each for batch in batches for each in batch.responses]) == 8
    assert batches[-1].done == batches[-1].total
    assert [batch.done for batch in batches] == sorted(batch.done for batch in batches)


ITEMS = "CREATE TABLE conversation_items (id VARCHAR, conversation_id VARCHAR, created_at INTEGER, item_data JSON, {})"


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "PRIMARY KEY (conversation_id, id)"])
async def test_conversations_are_told_and_found_by_the_items_that_responses_put_out(
    store: Store, key: str
) -> None:
    deployment = some(store)
    store.execute(ITEMS.format(key))
    store.execute(
        "INSERT INTO conversation_items VALUES ('msg_r1', 'conv_1', 1, '{}'), ('msg_r4', 'conv_1', 2, '{}'),"
        " ('msg_r3', 'conv_2', 1, '{}')"
    )
    insert(store, [row("r6", created_at=10, conversation={"id": "conv_1"})])
    async with deployment.session() as session:
        page = await list_responses(session, asking())
        told = {str(s.id): (s.conversation, s.conversation_inferred) for s in page.records}
        assert told == {
            "r4": ("conv_1", True),
            "r1": ("conv_1", True),
            "r3": ("conv_2", True),
            "r2": (None, False),
            "r5": (None, False),
            "r6": ("conv_1", False),
        }
    assert await found(deployment, conversation="conv_1") == ["r4", "r1", "r6"]
    assert await found(deployment, conversation="conv_none") == []


async def test_a_list_says_what_a_user_asked_last_on_one_line_whatever_came_after_it(store: Store) -> None:
    create(store)
    parts = [{"type": "input_text", "text": "Which of these\n\tare \x1b[31mopen\\?"}]
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": "{}"}
    insert(
        store,
        [
            row("plain", created_at=1, input=[message("first"), message("last one")]),
            row("parts", created_at=2, input=[{"type": "message", "role": "user", "content": parts}]),
            row(
                "tools",
                created_at=3,
                input=[message("Look it up"), call, {"type": "function_call_output", "output": "x"}],
            ),
            row("long", created_at=4, input=[message("word " * 10_000)]),
            row("cut", created_at=5, input=[{"role": "user", "content": [{"text": "\u00e9" * 10_000}]}]),
            row("nobody", created_at=6, input=[message("rules", role="system")]),
            row("none", created_at=7, input=[]),
        ],
    )
    async with keeping(store).session() as session:
        page = await list_responses(session, asking())
    asked = {str(each.id): each.asked for each in page.records}
    assert asked["plain"] == "last one"
    assert asked["parts"] == "Which of these are \x1b[31mopen\\?"
    assert asked["tools"] == "Look it up"
    assert asked["long"] == ("word " * 40)[:200]
    assert asked["cut"] == "\u00e9" * 200
    assert (asked["nobody"], asked["none"]) == (None, None)
