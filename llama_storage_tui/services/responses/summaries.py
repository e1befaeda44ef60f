"""Where things stand in a row of responses, and what a list makes of one. Pure functions."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import Query, TablePlace
from llama_storage_tui.model.records import (
    AnyOf,
    Condition,
    DocumentShape,
    Equals,
    Field,
    Measure,
    OneOf,
    Record,
)
from llama_storage_tui.model.responses import ResponseError, ResponseSummary
from llama_storage_tui.services.records.last_asked import last_asked
from llama_storage_tui.services.values import cell_text
from llama_storage_tui.upstream.families.responses import DOCUMENT

ID: Final = Field("id", "id")
MODEL: Final = Field("model", "model")
TENANT: Final = Field("tenant", "tenant_id")
SHAPE: Final = Field("shape", DOCUMENT, measure=Measure.SHAPE)
BYTES: Final = Field("bytes", DOCUMENT, measure=Measure.BYTES)
STORE: Final = Field("store", DOCUMENT, ("store",))
STATUS: Final = Field("status", DOCUMENT, ("status",))
OUTPUT_IDS: Final = Field("output_ids", DOCUMENT, ("output",), Measure.EACH, ("id",), most=100)
"""The first ones: a response's items all stand in one conversation, and one item that is found there tells which."""

CREATED: Final = Field("created_at", "created_at")
OWNER: Final = Field("owner", "owner_principal")


_MOST_DIGITS: Final = 100

CONVERSATION: Final = Field("conversation", DOCUMENT, ("conversation",))
CONVERSATION_ID: Final = Field("conversation_id", DOCUMENT, ("conversation", "id"))


def belongs_to(query: Query, items: tuple[str, ...]) -> Condition:
    """Return the condition for the responses of a conversation that has these items."""
    stored = (Equals(field, query.text("conversation")) for field in (CONVERSATION, CONVERSATION_ID))
    return AnyOf((OneOf(OUTPUT_IDS, items), *stored))


def summary_of(place: TablePlace, record: Record) -> ResponseSummary:
    """Return what a list says of a record."""
    return ResponseSummary(
        place=place,
        id=record["@id"],
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
        bytes=_number(record["@bytes"]),
        shape=DocumentShape(str(record["shape"])),
        output_ids=_ids(record["output_ids"]),
        asked=last_asked(record),
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
