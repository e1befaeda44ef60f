"""What a list says of a response is what is stored: texts behind a NUL, and every digit of a number."""

from __future__ import annotations

import json

import pytest

from llama_storage_tui.model.limits import LONGEST_CELL
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.reading import read_response
from tests.queries import asking
from tests.response_rows import document, message, row
from tests.response_stores import create, insert, keeping
from tests.stores import SqliteStore, Store

AFTER_NUL = "the error\x00 and \\u0000 and \\ more"
SHOWN = AFTER_NUL.replace("\x00", "\ufffd")
PADDING = 300_000
"""Letters that make a document one whose outline is read, on SQLite; a command line of psql holds fewer."""


def padding_of(store: Store, padding: int) -> list[object]:
    """Return an output of so many letters."""
    letters = padding if isinstance(store, SqliteStore) else min(padding, 50_000)
    return [message("x" * letters, role="assistant", id_="msg_1")]


@pytest.mark.parametrize("padding", [0, PADDING])
async def test_a_text_is_not_cut_at_its_nul(store: Store, padding: int) -> None:
    create(store)
    changes: dict[str, object] = {
        "status": "fai\x00led",
        "error": {"code": "a\x00b", "message": AFTER_NUL},
        "incomplete_details": {"reason": "\x00"},
        "output": padding_of(store, padding),
    }
    insert(store, [row("resp_1", text=json.dumps(document("resp_1", **changes)), owner="")])
    async with keeping(store).session() as session:
        (found,) = (await list_responses(session, asking())).records
        assert found.error is not None
        assert (found.status, found.error.code, found.error.message) == ("fai\ufffdled", "a\ufffdb", SHOWN)
        assert found.incomplete == "\ufffd"
        assert (await list_responses(session, asking(status="fai\ufffdled"))).records


@pytest.mark.parametrize("padding", [0, PADDING])
@pytest.mark.parametrize("tokens", [0, 7, 2**53 + 1, 2**63, 2**64 + 1, 10**30 + 1, -(2**70)])
async def test_a_count_of_tokens_has_every_digit_that_is_stored(
    store: Store, tokens: int, padding: int
) -> None:
    create(store)
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": tokens}
    output = padding_of(store, padding)
    insert(store, [row("resp_1", text=json.dumps(document("resp_1", usage=usage, output=output)))])
    async with keeping(store).session() as session:
        (found,) = (await list_responses(session, asking())).records
        assert found.total_tokens == tokens
        whole = (await read_response(session, "resp_1")).transcript.head.usage
        assert whole is not None
        assert whole.total == tokens


async def test_a_count_written_with_an_exponent_gets_no_digits_of_its_own(store: Store) -> None:
    create(store)
    stored = json.dumps(document("resp_1")).replace('"total_tokens": 3', '"total_tokens": 1e30')
    insert(store, [row("resp_1", text=stored)])
    async with keeping(store).session() as session:
        (found,) = (await list_responses(session, asking())).records
        assert found.total_tokens == 10**30
        whole = (await read_response(session, "resp_1")).transcript.head.usage
        assert whole is not None
        assert f"{whole.total:,}" == "1e+30"


async def test_a_list_shows_the_beginning_of_a_text_that_is_longer_than_any_screen(store: Store) -> None:
    create(store)
    text = "long " * 14_000
    output = [message("x", role="assistant", id_=f"msg_{number}") for number in range(150)]
    changes: dict[str, object] = {"error": {"code": "c", "message": text}, "output": output}
    insert(store, [row("resp_1", text=json.dumps(document("resp_1", **changes)))])
    async with keeping(store).session() as session:
        (found,) = (await list_responses(session, asking())).records
        assert found.error is not None
        assert found.error.message == f"{text[:LONGEST_CELL]}…"
        assert found.output_items == len(output)
        assert found.output_ids == tuple(f"msg_{number}" for number in range(100))
        whole = (await read_response(session, "resp_1")).transcript.head
        assert whole.error == text
