"""Chains of servers that store no previous_response_id: told by inputs that begin with the parent's input and output."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from llama_storage_tui.model.chain import Chain, ChainLink, LinkMark
from llama_storage_tui.model.data import Cell
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.chain import chain
from tests.response_rows import message, row
from tests.response_stores import EARLIER_COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store

Items = list[dict[str, object]]
Row = dict[str, Cell]


def asked(text: str, id_: str | None = None) -> dict[str, object]:
    return message(text, id_=id_)


def said(text: str, id_: str | None = None) -> dict[str, object]:
    return message(text, role="assistant", id_=id_)


def old(id_: str, given: Sequence[object], answer: Sequence[object] | None, **changes: object) -> Row:
    return row(id_, input=given, output=answer, **changes)  # type: ignore[arg-type] # of the document


def fill(store: Store, rows: Sequence[Row]) -> None:
    create(store, columns=EARLIER_COLUMNS)
    insert(store, rows, columns=EARLIER_COLUMNS)


async def found(store: Store, id_: str) -> Chain:
    async with keeping(store, "0.7.3").session() as session:
        return await chain(session, id_)


def ids(links: tuple[ChainLink, ...]) -> list[str]:
    return [link.id for link in links]


def turns(count: int, name: str = "r", topic: str = "t") -> list[Row]:
    """Return a chain as a 0.7.3 server stores it: later questions have no id and are a text alone."""
    history: Items = []
    rows: list[Row] = []
    for n in range(count):
        question = (
            asked(f"{topic} 0", f"msg_{name}")
            if n == 0
            else asked(f"{topic} {n}") | {"content": f"{topic} {n}"}
        )
        answer = said(f"answer {n}", f"msg_{name}_{n}")
        rows.append(old(f"{name}{n:04}", [*history, question], [answer], created_at=1000 + n // 3))
        history += [question, answer]
    return rows


async def test_a_chain_is_told_by_its_inputs_and_labelled(store: Store) -> None:
    fill(store, turns(6))
    got = await found(store, "r0003")
    assert ids(got.links) == ["r0000", "r0001", "r0002", "r0003"]
    assert ids(got.children) == ["r0004", "r0005"]
    assert [link.inferred for link in (*got.links, *got.children)] == [False] + [True] * 5
    assert got.missing_parent is None
    assert not any(link.marks for link in (*got.links, *got.children))


async def test_a_chain_of_hundreds_is_told_from_its_middle(sqlite_store: SqliteStore) -> None:
    create(sqlite_store, columns=EARLIER_COLUMNS)
    names = EARLIER_COLUMNS.split(", ")
    values = ([each[name] for name in names] for each in turns(450))
    sqlite_store.insert(f"INSERT INTO responses VALUES ({', '.join('?' * len(names))})", values)
    got = await found(sqlite_store, "r0225")
    assert ids((*got.links, *got.children)) == [f"r{n:04}" for n in range(450)]


async def test_branches_and_their_forks_are_told(store: Store) -> None:
    first, second, third = turns(3)
    history = [asked("t 0", "msg_r"), said("answer 0", "msg_r_0")]
    other = old("branch", [*history, asked("another way")], [said("yes", "msg_b")])
    fill(store, [third, other, second, first])
    got = await found(store, "r0001")
    assert (ids(got.links), ids(got.children), ids(got.branches)) == (
        ["r0000", "r0001"],
        ["r0002"],
        ["branch"],
    )
    assert [fork.id for fork in got.forks] == ["r0000"]


async def test_twins_with_equal_content_are_told_apart_by_their_items_ids(store: Store) -> None:
    fill(store, [*turns(3, "a"), *turns(3, "b")])
    for name in ("a", "b"):
        got = await found(store, f"{name}0002")
        assert ids(got.links) == [f"{name}{n:04}" for n in range(3)]
        assert not any(link.marks for link in got.links)


def nameless(id_: str, *texts: str, **changes: object) -> Row:
    """Return a response whose items, the last of them its answer, have no ids."""
    items = [said(text) if n % 2 else asked(text) for n, text in enumerate(texts)]
    return old(id_, items[:-1], items[-1:], **changes)


async def test_twins_without_ids_give_the_older_one_marked(store: Store) -> None:
    rows = [
        nameless("young", "hi", "ho", created_at=20),
        nameless("aged", "hi", "ho", created_at=10),
        nameless("child", "hi", "ho", "more", "done", created_at=30),
    ]
    fill(store, rows)
    got = await found(store, "child")
    assert ids(got.links) == ["aged", "child"]
    assert got.links[1].marks == (LinkMark.AMBIGUOUS,)


async def test_of_twins_the_one_of_the_same_owner_is_likelier_and_a_younger_one_is_not(store: Store) -> None:
    rows = [
        nameless("stranger", "hi", "ho", created_at=10, owner="eve"),
        nameless("own", "hi", "ho", created_at=20, owner="ann"),
        nameless("late", "hi", "ho", created_at=40, owner="ann"),
        nameless("child", "hi", "ho", "more", "done", created_at=30, owner="ann"),
    ]
    fill(store, rows)
    got = await found(store, "child")
    assert ids(got.links) == ["own", "child"]
    assert got.links[1].marks == ()


async def test_owners_that_change_along_an_inferred_chain_are_said(store: Store) -> None:
    first, second, third = turns(3)
    fill(store, [first, second | {"owner_principal": "ann"}, third])
    got = await found(store, "r0002")
    assert [each.id for each in got.owner_changes] == ["r0001", "r0002"]


async def test_the_longest_beginning_wins_over_failed_attempts(store: Store) -> None:
    question = asked("hi", "msg_1")
    rows = [
        old("failed", [question], [], status="failed"),
        old("answered", [question], [said("ho", "msg_2")]),
        old("child", [question, said("ho", "msg_2"), asked("more")], [said("done")]),
    ]
    fill(store, rows)
    got = await found(store, "child")
    assert ids(got.links) == ["answered", "child"]
    assert ids(got.branches) == []


@pytest.mark.parametrize("output", [[], None])
async def test_a_failed_response_without_output_can_be_continued(store: Store, output: Items | None) -> None:
    question = asked("hi", "msg_1")
    rows = [
        old("failed", [question], output, status="failed"),
        old("child", [question, asked("again?")], [said("ho")]),
        old("of_another", [question, said("an answer"), asked("more")], [said("ho")]),
    ]
    fill(store, rows)
    got = await found(store, "failed")
    assert ids(got.children) == ["child"]


@pytest.mark.parametrize("status", ["in_progress", "queued"])
async def test_an_unfinished_response_is_nobodys_parent(store: Store, status: str) -> None:
    _first, second = turns(2)
    waiting = old("r0000", [asked("t 0", "msg_r")], [said("answer 0", "msg_r_0")], status=status)
    fill(store, [waiting, second])
    assert ids((await found(store, "r0001")).links) == ["r0001"]


async def test_an_answer_in_an_input_that_no_response_gave_is_marked(store: Store) -> None:
    fill(store, turns(5)[3:])
    got = await found(store, "r0004")
    assert ids(got.links) == ["r0003", "r0004"]
    assert [link.marks for link in got.links] == [(LinkMark.GAP,), ()]


async def test_calls_and_their_outputs_are_compared_by_what_they_say(store: Store) -> None:
    call = {
        "type": "function_call",
        "call_id": "c1",
        "name": "f",
        "arguments": "{}",
        "id": "fc_1",
        "status": "completed",
    }
    output = {"type": "function_call_output", "call_id": "c1", "output": "21", "id": None, "status": None}
    question = asked("weather", "msg_1")
    rows = [
        old("parent", [question], [call]),
        old("child", [question, call | {"status": None}, output], [said("21")]),
        old("other", [question, call | {"call_id": "c2"}, output | {"call_id": "c2"}], [said("21")]),
    ]
    fill(store, rows)
    got = await found(store, "parent")
    assert ids(got.children) == ["child"]


async def test_broken_documents_in_the_middle_leave_the_rest_of_the_chain(sqlite_store: SqliteStore) -> None:
    first, second, third, fourth = turns(4)
    fill(sqlite_store, [first, second, third | {"response_object": "{broken"}, fourth])
    got = await found(sqlite_store, "r0001")
    assert (ids(got.links), ids(got.children)) == (["r0000", "r0001"], ["r0003"])
    assert got.children[0].marks == (LinkMark.GAP,)
    broken = await found(sqlite_store, "r0002")
    assert ids(broken.links) == ["r0002"]
    assert broken.links[0].marks == (LinkMark.UNREADABLE,)
    assert "cannot be inferred" in notice_words(broken.notices)[0]


@pytest.mark.parametrize("given", [[], "a text", None, {"a": 1}, [1, None, ["x"]]], ids=repr)
async def test_inputs_of_another_shape_are_chains_of_one(store: Store, given: object) -> None:
    fill(store, [row("odd", input=given, output=[]), *turns(2)])
    got = await found(store, "odd")
    assert (ids(got.links), ids(got.children)) == (["odd"], [])


async def test_a_response_with_an_empty_input_is_continued_after_its_answer(store: Store) -> None:
    answer = said("hello", "msg_1")
    rows = [old("silent", [], [answer]), old("child", [answer, asked("hi")], [said("ho")])]
    fill(store, rows)
    assert ids((await found(store, "silent")).children) == ["child"]


async def test_documents_that_postgres_cannot_take_apart_are_told_too(store: Store) -> None:
    first, second = turns(2, topic="\\u0000 half \ud83d")
    fill(store, [first, second])
    assert ids((await found(store, "r0000")).children) == ["r0001"]


async def test_a_chain_goes_on_from_stored_to_inferred_after_an_upgrade(store: Store) -> None:
    create(store)
    new = row("n1", previous_response_id="r0001", mode="incremental", skills=None, input=[asked("new")])
    newer = row("n2", previous_response_id="n1", mode="incremental", skills=None, input=[asked("newer")])
    insert(store, [*turns(3), new, newer])
    async with keeping(store).session() as session:
        got = await chain(session, "n2")
        from_old = await chain(session, "r0000")
    assert ids(got.links) == ["r0000", "r0001", "n1", "n2"]
    assert [link.inferred for link in got.links] == [False, True, False, False]
    assert ids(got.branches) == ["r0002"]
    assert sorted(ids(from_old.children)) == ["n1", "n2", "r0001", "r0002"]


async def test_more_beginnings_than_are_compared_are_said(sqlite_store: SqliteStore) -> None:
    fill(sqlite_store, turns(10))
    async with keeping(sqlite_store, "0.7.3").session() as session:
        got = await chain(session, "r0009", most=5)
    assert not got.is_complete
    assert "begin alike" in notice_words(got.notices)[0]
