"""The outline of a large document: what is taken out of it is what is taken out of the document."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends.outlines import WantedParts, outline
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape
from llama_storage_tui.backends.sqlite.documents import SqliteDocuments
from llama_storage_tui.backends.sqlite.python_json import LENGTHS
from llama_storage_tui.backends.stored_rows import StoredRow
from llama_storage_tui.model.data import Cell, Column
from llama_storage_tui.model.families import TableLayout
from llama_storage_tui.model.records import Field, Measure
from llama_storage_tui.services.records.rows import fields_of
from llama_storage_tui.upstream.families import responses
from tests.any_json import RESPONSES, VALUES

DOCUMENT = "response_object"
FIELDS = (
    *(
        field
        for field in fields_of(
            responses.RESPONSES, TableLayout("responses", document=DOCUMENT), frozenset({"id", DOCUMENT})
        )
        if field.path or field.measure is not Measure.VALUE
    ),
    Field("input", DOCUMENT, ("input",)),
    Field("first", DOCUMENT, ("input", 0)),
    Field("second type", DOCUMENT, ("output", 1, "type")),
    Field("texts", DOCUMENT, ("output",), Measure.EACH, ("content", 0, "text")),
    Field("shape of the error", DOCUMENT, ("error",), Measure.SHAPE),
)
ASKED = tuple(field for field in FIELDS if field.measure is not Measure.BYTES)


def values(text: str | None) -> list[Cell]:
    """Return each field of a document."""
    shape = ColumnShape(Column(DOCUMENT, "JSON"), ColumnKind.JSON)
    row = StoredRow({DOCUMENT: text}, {}, {DOCUMENT: shape})
    return [row.value(field) for field in ASKED]


@given(RESPONSES, st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]), st.lists(VALUES))
def test_every_field_has_the_same_value_in_the_outline(
    found: object, indent: int | None, separators: tuple[str, str], items: list[object]
) -> None:
    if isinstance(found, dict):
        found = found | {"padding": items}
    text = json.dumps(found, indent=indent, separators=separators, allow_nan=True)
    made = outline(text, WantedParts.by(ASKED))
    assert made is not None
    as_null = json.dumps(json.loads(text, parse_constant=lambda _: None))
    assert values(made) == values(as_null if "NaN" in text or "Infinity" in text else text)


@given(
    RESPONSES, st.integers(0, 400), st.sampled_from(["", ",", "]", "}", "[", "{", '"', ":", "1", "x", "\\"])
)
def test_a_text_has_an_outline_exactly_where_python_reads_it(found: object, at: int, sign: str) -> None:
    text = json.dumps(found)
    at %= len(text) + 1
    text = text[:at] + sign + text[at + (not sign) :]
    try:
        json.loads(text)
    except ValueError:
        assert outline(text, WantedParts.by(ASKED)) is None
    else:
        assert outline(text, WantedParts.by(ASKED)) is not None


def test_an_outline_is_as_small_as_what_is_asked_for() -> None:
    found = {
        "status": "failed",
        "messages": [{"content": "x" * 1000}] * 1000,
        "input": [{"other": "x" * 1000}] * 5,
        "output": [{"id": "msg_1", "content": ["x" * 1000]}],
        "usage": "x" * 1000,
    }
    made = outline(
        json.dumps(found), WantedParts.by(each for each in ASKED[:-5] if each.path != ("input", -3))
    )
    assert made is not None
    assert json.loads(made) == {
        "status": "failed",
        "input": [0, 0, 0, 0, {"other": "x" * 1000}],
        "output": [{"id": "msg_1"}],
        "usage": "",
    }


FROM_THE_END = (
    *(
        Field(f"{name} {place}", DOCUMENT, ("input", place, name))
        for place in (-1, -3)
        for name in ("role", "content")
    ),
    Field("first", DOCUMENT, ("input", 0, "id")),
    Field("number", DOCUMENT, ("input",), Measure.ITEMS),
    Field("ids", DOCUMENT, ("input",), Measure.EACH, ("id",)),
    Field("inner", DOCUMENT, ("output", -2, "content", -1, "text")),
)


@given(RESPONSES, st.integers(0, 5))
def test_positions_from_the_end_of_a_list_are_the_same_in_the_outline(found: object, length: int) -> None:
    if isinstance(found, dict):
        items = [
            {"id": f"i{n}", "role": "user", "content": [{"text": f"t{n}"}], "more": {"x": n}}
            for n in range(length)
        ]
        found = found | {"input": items, "output": items}
    text = json.dumps(found)
    made = outline(text, WantedParts.by(FROM_THE_END))
    assert made is not None
    shape = ColumnShape(Column(DOCUMENT, "JSON"), ColumnKind.JSON)
    whole, outlined = (StoredRow({DOCUMENT: each}, {}, {DOCUMENT: shape}) for each in (text, made))
    assert [outlined.value(field) for field in FROM_THE_END] == [whole.value(field) for field in FROM_THE_END]


IN_A_LIST = Field("in a list", DOCUMENT, ("output", 0, "content"), Measure.ITEMS)
SHORT = (*(field for field in FROM_THE_END if field.name not in ("ids", "inner")), IN_A_LIST)


def _values_in_sqlite(text: str) -> sa.Select[*tuple[Any, ...]]:
    given = sa.select(sa.literal(text).label("document")).subquery()
    engine, document = SqliteDocuments(), given.c["document"]
    return sa.select(
        *(
            engine.items(document, field.path)
            if field.measure is Measure.ITEMS
            else engine.value(document, field.path)
            for field in SHORT
        )
    )


@given(RESPONSES, st.integers(0, 6), st.integers(0, 6))
def test_sqlite_reads_the_same_of_lists_whose_middle_is_left_out(
    found: object, length: int, inner: int
) -> None:
    if isinstance(found, dict):
        items = [{"id": f"i{n}", "role": "user", "content": [n] * inner} for n in range(length)]
        found = found | {"input": items, "output": items}
    text = json.dumps(json.loads(json.dumps(found), parse_constant=lambda _: None))
    made = outline(text, WantedParts.by(SHORT), lengths=LENGTHS)
    assert made is not None
    with sa.create_engine("sqlite://").connect() as connection:
        of_text, of_outline = (connection.execute(_values_in_sqlite(each)).one() for each in (text, made))
    assert of_outline == of_text


def test_an_outline_for_an_engine_does_not_grow_with_a_list_that_is_counted() -> None:
    few, many = (
        outline(
            json.dumps({"input": [{"role": "user"}] * number}), WantedParts.by(SHORT), lengths="length of "
        )
        for number in (10, 99)
    )
    assert few is not None
    assert few.replace("10", "99") == many
