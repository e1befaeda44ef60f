"""What a list asks a table of responses for, and what it makes of the answer. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Condition,
    Contains,
    DocumentShape,
    Equals,
    Field,
    Measure,
    OneOf,
    Record,
)
from llama_storage_tui.model.responses import Place, ResponseError, ResponseQuery, ResponseSummary
from llama_storage_tui.services.responses.json_escapes import common_run, stored_forms
from llama_storage_tui.services.values import cell_text

DOCUMENT: Final = "response_object"

STORE: Final = Field("store", DOCUMENT, ("store",))
STATUS: Final = Field("status", DOCUMENT, ("status",))
OUTPUT_IDS: Final = Field("output_ids", DOCUMENT, ("output",), Measure.EACH, ("id",), most=100)
"""The first ones: a response's items all stand in one conversation, and one item that is found there tells which."""

CREATED: Final = Field("created_at", "created_at")
OWNER: Final = Field("owner", "owner_principal")


_MOST_DIGITS: Final = 100

CONVERSATION: Final = Field("conversation", DOCUMENT, ("conversation",))
CONVERSATION_ID: Final = Field("conversation_id", DOCUMENT, ("conversation", "id"))


def _inside(name: str, *path: str | int, measure: Measure = Measure.VALUE) -> Field:
    return Field(name, DOCUMENT, path, measure)


_DOCUMENT_FIELDS: Final = (
    STATUS,
    _inside("stored_previous", "previous_response_id"),
    CONVERSATION,
    CONVERSATION_ID,
    _inside("input_items", "input", measure=Measure.ITEMS),
    _inside("output_items", "output", measure=Measure.ITEMS),
    _inside("total_tokens", "usage", "total_tokens"),
    _inside("error", "error"),
    _inside("error_code", "error", "code"),
    _inside("error_message", "error", "message"),
    _inside("incomplete", "incomplete_details", "reason"),
    _inside("bytes", measure=Measure.BYTES),
    _inside("shape", measure=Measure.SHAPE),
    STORE,
    OUTPUT_IDS,
)
_COLUMN_FIELDS: Final = (
    Field("id", "id"),
    CREATED,
    Field("model", "model"),
    OWNER,
    Field("access_attributes", "access_attributes"),
    Field("tenant", "tenant_id"),
    Field("previous", "previous_response_id"),
)


def fields_of(columns: Collection[str]) -> tuple[Field, ...]:
    """Return what to ask a table with these columns for: tenants and links came with ogx 1.2 and 1.1, owners with 0.3."""
    return (*(field for field in _COLUMN_FIELDS if field.column in columns), *_DOCUMENT_FIELDS)


def conditions_of(query: ResponseQuery, *, items: tuple[str, ...] | None) -> tuple[Condition, ...]:
    """Return a query's conditions, the cheap ones first; `items` are those of the wanted conversation, None: no matter."""
    found: list[Condition] = []
    if query.since is not None or query.until is not None:
        found.append(Between(CREATED, query.since, query.until))
    if query.model is not None:
        found.append(Equals(Field("model", "model"), query.model))
    if query.owner is not None:
        found.append(Equals(OWNER, query.owner))
    if query.contains:
        found += _containing(query.contains)
    if query.status is not None:
        found.append(Equals(STATUS, query.status))
    if items is not None:
        stored = (Equals(field, query.conversation) for field in (CONVERSATION, CONVERSATION_ID))
        found.append(AnyOf((OneOf(OUTPUT_IDS, items), *stored)))
    return (*found, *query.conditions)


def _containing(text: str) -> list[Condition]:
    forms = stored_forms(text)
    run = common_run(forms)
    first = [] if run is None or forms == (run,) else [Contains(DOCUMENT, (run,))]
    return [*first, Contains(DOCUMENT, forms)]


def summary_of(place: Place, record: Record) -> ResponseSummary:
    """Return what a list says of a record."""
    return ResponseSummary(
        place=place,
        id=record["id"],
        created_at=record["created_at"],
        model=record.get("model"),
        status=cell_text(record["status"]),
        owner=cell_text(record.get("owner")),
        access_attributes=cell_text(record.get("access_attributes")),
        tenant=cell_text(record.get("tenant")),
        has_tenant_column="tenant" in record,
        previous_response_id=cell_text(record.get("previous")) or cell_text(record["stored_previous"]),
        conversation=cell_text(record["conversation_id"]) or _id(record["conversation"]),
        input_items=_number(record["input_items"]),
        output_items=_number(record["output_items"]),
        total_tokens=_number(record["total_tokens"]),
        error=_error(record),
        incomplete=cell_text(record["incomplete"]),
        bytes=_number(record["bytes"]),
        shape=DocumentShape(str(record["shape"])),
        output_ids=_ids(record["output_ids"]),
        has_store=record["store"] is not None or record["shape"] != DocumentShape.OBJECT.value,
    )


def _error(record: Record) -> ResponseError | None:
    code, message, whole = (cell_text(record[name]) for name in ("error_code", "error_message", "error"))
    if code is None and message is None:
        return None if whole is None else ResponseError(None, whole)
    return ResponseError(code, message)


def _id(value: Cell) -> str | None:
    text = cell_text(value)
    return None if text is None or text.startswith("{") else text


def _ids(value: Cell) -> tuple[str, ...]:
    found = json.loads(value) if isinstance(value, str) else []
    return tuple(each for each in found if isinstance(each, str))


def _number(value: Cell) -> int | None:
    """Return a whole number with every digit that is stored; None for what is none, or has more than a table is wide."""
    if isinstance(value, int):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return int(number) if number.is_finite() and number.adjusted() < _MOST_DIGITS else None
