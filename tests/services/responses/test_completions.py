"""Chat completions: found, read whatever is stored, and traced to the response that they were made for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.completions import Origin
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import Query
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.reports.comparison import origin_reason
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.pages import list_records
from llama_storage_tui.services.responses.completions import read_completion
from llama_storage_tui.services.responses.origins import origin_of
from tests.queries import asking
from tests.response_rows import NEW, OLD, row
from tests.response_rows import message as item
from tests.response_stores import create_tables, insert, keeping
from tests.stores import SqliteStore, Store

HOSTILE = "chatcmpl-'; DROP TABLE x; --\u202e[bold]\x1b[2J"
Row = dict[str, Cell]


def sent(*texts: str) -> list[dict[str, object]]:
    """Return messages of a user and an assistant in turn."""
    return [
        {"role": ("user", "assistant")[n % 2], "content": text, "name": None} for n, text in enumerate(texts)
    ]


def calling(*ids: str) -> dict[str, object]:
    function = {"name": "get_weather", "arguments": '{"city": "Tokyo"}'}
    calls = [{"index": None, "id": id_, "type": "function", "function": function} for id_ in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def completion_row(
    id_: str, *messages: str, answer: object = "hello", created: Cell = 1000, owner: str | None = "",
    model: str | None = "openai/gpt-4o", finish: str = "stop", **columns: Cell,
) -> Row:  # fmt: skip
    said = (
        answer if isinstance(answer, dict) else {"role": "assistant", "content": answer, "tool_calls": None}
    )
    choices = [{"message": said, "finish_reason": finish, "index": 0, "logprobs": None}]
    made: Row = {"id": id_, "created": created, "model": model, "choices": json.dumps(choices), "input_messages": json.dumps(sent(*(messages or ("hi",)))), "access_attributes": "null", "owner_principal": owner}  # fmt: skip
    return made | columns


def response_row(
    id_: str, *texts: str, output: list[dict[str, object]] | None = None, **changes: object
) -> Row:
    """Return a response whose messages are these, the last of them its answer unless it has another output."""
    answer = output if output is not None else [item(texts[-1], role="assistant", id_=f"msg_{id_}")]
    made = {"messages": sent(*texts), "output": answer, "created_at": 999}
    return {**row(id_, **(made | changes))}  # type: ignore[arg-type] # of the document


def fill(store: Store, completions: list[Row], responses: list[Row] | None = None) -> None:
    create_tables(store, NEW)
    insert(store, completions, "inference_store")
    insert(store, responses or [], "responses")


async def listed(store: Store, query: Query) -> list[Cell]:
    async with keeping(store, NEW).session() as session:
        return [each.id for each in (await list_records(session, "completions", query)).records]


async def origin(store: Store, id_: str) -> Origin:
    async with keeping(store, NEW).session() as session:
        return await origin_of(session, await read_completion(session, id_))


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_a_list_says_what_was_sent_and_how_it_ended(store: Store, version: str) -> None:
    create_tables(store, version)
    insert(store, [completion_row("c1", "a", "b", "c", answer=calling("x", "y"), finish="tool_calls", owner="ann")], "inference_store")  # fmt: skip
    async with keeping(store, version).session() as session:
        (found,) = (await list_records(session, "completions", asking())).records
    assert (found.id, found.time) == ("c1", 1000)
    assert {"last role": "user"}.items() <= found.cells.items()
    asked = {"last message", "last role", "message before a tool"}
    assert {name: value for name, value in found.cells.items() if name not in asked} == {
        "created": 1000, "model": "openai/gpt-4o", "owner": "ann", "messages": 3, "finish_reason": "tool_calls",
        "tool_calls": 2, "tenant": None, "access_attributes": "null", "choices": 1,
    }  # fmt: skip


async def test_filters_are_the_servers(store: Store) -> None:
    rows = [
        completion_row("c1", "tell me of München", created=10, owner="ann"),
        completion_row("c2", answer="Grüße aus München", created=20, model="m2"),
        completion_row("c3", created=30, owner=None),
        completion_row(HOSTILE, created=40, owner='o\'brien "x"'),
    ]
    fill(store, rows)
    assert await listed(store, asking()) == [HOSTILE, "c3", "c2", "c1"]
    assert await listed(store, asking(order=RecordOrder.STORED, limit=2)) == [HOSTILE, "c3"]
    assert await listed(store, asking(contains="München")) == ["c2", "c1"]
    assert await listed(store, asking(model="m2")) == ["c2"]
    assert await listed(store, asking(owner='o\'brien "x"')) == [HOSTILE]
    assert await listed(store, asking(owner="")) == ["c2"]
    assert await listed(store, asking(since=20, until=30)) == ["c3", "c2"]


async def test_pages_miss_nothing(store: Store) -> None:
    fill(store, [completion_row(f"c{n}", created=n // 2) for n in range(7)])
    found: list[Cell] = []
    after = None
    async with keeping(store, NEW).session() as session:
        while True:
            page = await list_records(session, "completions", asking(limit=3, after=after))
            found += [each.id for each in page.records]
            after = page.next
            if after is None:
                break
    assert found == [f"c{n}" for n in reversed(range(7))]


async def test_messages_choices_and_calls_are_read(store: Store) -> None:
    fill(store, [completion_row(HOSTILE, "what", answer=calling("call_1"), finish="tool_calls")])
    async with keeping(store, NEW).session() as session:
        found = await read_completion(session, HOSTILE)
        assert [(each.role, each.parts[0].text) for each in found.messages] == [("user", "what")]
        (choice,) = found.choices
        assert (choice.index, choice.finish_reason) == (0, "tool_calls")
        assert choice.message is not None
        assert [(call.id, call.name, call.arguments) for call in choice.message.tool_calls] == [
            ("call_1", "get_weather", {"city": "Tokyo"})
        ]
        assert found.problems == ()
        for absent in ("c_none", "", "\x00", "\ud83d"):
            with pytest.raises(NotFoundError):
                await read_completion(session, absent)


@pytest.mark.parametrize("text", ["null", "{}", "[1, null, []]", '[{"message": 5}]', '"x"', '[{"message": {"role": "x", "content": {"a": 1}, "tool_calls": {"a": 1}}}]', "[" * 400 + "]" * 400])  # fmt: skip
async def test_whatever_is_stored_is_read(store: Store, text: str) -> None:
    fill(store, [completion_row("c1", choices=text, input_messages=text)])
    async with keeping(store, NEW).session() as session:
        found = await read_completion(session, "c1")
        assert (await list_records(session, "completions", asking())).records[0].id == "c1"
        assert await origin_of(session, found) == Origin()
    said = [
        problem
        for each in (*found.messages, *(c.message for c in found.choices))
        if each
        for problem in each.problems
    ]
    assert found.problems or said


async def test_what_is_no_json_is_said(sqlite_store: SqliteStore) -> None:
    fill(sqlite_store, [completion_row("c1", choices="{broken", input_messages=None, created="never")])
    async with keeping(sqlite_store, NEW).session() as session:
        found = await read_completion(session, "c1")
        assert found.problems == ("input_messages is null, not a list", "choices is invalid JSON")
        assert "not a number" in notice_words((await origin_of(session, found)).notices)[0]
        assert (await list_records(session, "completions", asking())).records[0].cells["choices"] is None


async def test_a_completion_leads_to_the_response_with_its_messages_and_answer(store: Store) -> None:
    responses = [
        response_row("first", "hi", "hello"),
        response_row("next", "hi", "hello", "more", "done"),
        response_row("failed", "hi", "hello", output=[], status="failed"),
        response_row("unrelated", "other", "words"),
    ]
    fill(
        store,
        [completion_row("c1", "hi"), completion_row("c2", "hi", "hello", "more", answer="done")],
        responses,
    )
    found = await origin(store, "c1")
    assert (found.response, found.candidates) == ("first", ("first",))
    assert origin_reason(found) == "same owner and model, the messages sent and the answer"
    assert (await origin(store, "c2")).response == "next"


async def test_equal_answers_to_other_questions_do_not_mislead(store: Store) -> None:
    fill(store, [completion_row("c1", "one", answer="no"), completion_row("c2", "two", answer="no")], [response_row("r1", "one", "no"), response_row("r2", "two", "no")])  # fmt: skip
    assert (await origin(store, "c1")).response == "r1"
    assert (await origin(store, "c2")).response == "r2"


async def test_instructions_that_a_response_does_not_keep_are_not_compared(store: Store) -> None:
    led = json.dumps([{"role": "system", "content": "be terse"}, *json.loads(json.dumps(sent("hi")))])
    fill(store, [completion_row("c1", input_messages=led)], [response_row("r1", "hi", "hello")])
    assert (
        origin_reason(await origin(store, "c1")) == "same owner and model, the messages sent and the answer"
    )


async def test_an_equal_answer_to_another_question_is_chance(store: Store) -> None:
    fill(store, [completion_row("c1", "chat", answer="no")], [response_row("r1", "question", "no")])
    assert await origin(store, "c1") == Origin()


async def test_calls_lead_to_their_response(store: Store) -> None:
    call: dict[str, object] = {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_weather",
        "arguments": "{}",
        "id": "fc_1",
    }
    fill(store, [completion_row("c1", "weather", answer=calling("call_1"))], [response_row("r1", "weather", output=[call], messages=None)])  # fmt: skip
    found = await origin(store, "c1")
    assert (found.response, origin_reason(found)) == ("r1", "same owner and model, the answer")


async def test_an_answer_that_was_lost_leads_by_what_was_sent(store: Store) -> None:
    fill(store, [completion_row("c1", "hi", answer="half of it")], [response_row("r1", "hi", output=[], status="failed"), response_row("r2", "hi", "hello", "more", output=[], status="failed")])  # fmt: skip
    found = await origin(store, "c1")
    assert (found.response, origin_reason(found)) == ("r1", "same owner and model, the messages sent")


async def test_twins_are_both_named_and_none_is_chosen(store: Store) -> None:
    fill(
        store, [completion_row("c1")], [response_row("r2", "hi", "hello"), response_row("r1", "hi", "hello")]
    )
    found = await origin(store, "c1")
    assert (found.response, found.candidates) == (None, ("r1", "r2"))


@pytest.mark.parametrize(
    "changes", [{"owner": "eve"}, {"model": "other"}, {"created_at": 5}, {"created_at": 9000}]
)
async def test_another_owner_model_or_time_is_another_call(store: Store, changes: dict[str, Any]) -> None:
    fill(store, [completion_row("c1", created=5000)], [response_row("r1", "hi", "hello", **{"created_at": 4999, **changes})])  # fmt: skip
    assert await origin(store, "c1") == Origin()


async def test_a_null_owner_is_an_owner(store: Store) -> None:
    fill(store, [completion_row("c1", owner=None)], [response_row("r1", "hi", "hello", owner=None), response_row("r2", "hi", "hello")])  # fmt: skip
    assert (await origin(store, "c1")).response == "r1"


async def test_stores_without_the_table_or_that_cannot_be_read_are_said(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE inference_store (id VARCHAR PRIMARY KEY)")
    async with keeping(sqlite_store, NEW).session() as session:
        page = await list_records(session, "completions", asking())
        assert (page.records, page.is_complete) == ((), False)
        assert "lacks created, choices, input_messages" in notice_words(page.notices)[0]
    sqlite_store.path.write_text("not a database, and long enough to be read as one" * 30)
    async with keeping(sqlite_store, NEW).session() as session:
        with pytest.raises(BackendError):
            await list_records(session, "completions", asking())
