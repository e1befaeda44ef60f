"""The JSON of the commands that look into backends: `test`, `namespaces`, `keys`, `get`, `tables` and `rows`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import JsonValue

from llama_storage_tui.cli.data_json import (
    expiry_json,
    failure_json,
    key_json,
    keys_json,
    probe_json,
    test_json,
)
from llama_storage_tui.cli.documents import Document, From, HelpText, Json, Made
from llama_storage_tui.model.data import Cell, Column, Count, RowPage
from llama_storage_tui.services.values import cell_to_json, stored_to_json


class ProbeErrorBody(Document):
    """Why a backend did not answer."""

    written_by = failure_json

    kind: str
    message: str
    help: HelpText


class ProbeBody(Document):
    """One backend's answer to `test`."""

    written_by = probe_json

    backend: str
    ok: bool
    latency_ms: float | None
    server: str | None
    user: str | None
    tls: str | None
    writable: bool | None
    details: dict[str, JsonValue]
    error: ProbeErrorBody | None


class TestDocument(Document):
    """The answer of `test`."""

    written_by = test_json

    results: list[ProbeBody]


def _is_exact(count: Count | None) -> bool:
    return count is not None and count.is_exact


class NamespaceBody(Document):
    """A namespace with its keys counted; `keys` is null where no key can be told to be its own."""

    name: str
    keys: Annotated[int | None, From("keys.value")]
    exact: Annotated[bool, Made(lambda namespace: _is_exact(namespace.keys))]
    referenced_by: list[str]


class UnassignedBody(Document):
    """List the keys outside every known namespace."""

    keys: Annotated[int, Made(lambda namespace: namespace.keys.value if namespace.keys else 0)]
    exact: Annotated[bool, Made(lambda namespace: namespace.keys is None or namespace.keys.is_exact)]


class NamespacesDocument(Document):
    """The answer of `namespaces`."""

    backend: str
    namespaces: list[NamespaceBody]
    unassigned: UnassignedBody


class KeyBody(Document):
    """One key; bytes and NULL keys of a broken store are `{"$bytes"}` and null."""

    written_by = key_json

    key: JsonValue
    bytes: int | None
    expires_at: str | None
    expired: bool


class KeysDocument(Document):
    """The answer of `keys`."""

    written_by = keys_json

    keys: list[KeyBody]
    next: str | None
    complete: bool
    scanned: int
    total: int | None
    """About how many keys there are to look at, where that is known."""


class GetDocument(Document):
    """The answer of `get`."""

    key: Annotated[Json, From("entry.key")]
    value: Annotated[JsonValue, Made(lambda stored: stored_to_json(stored.value))]
    bytes: Annotated[int | None, From("entry.bytes")]
    expires_at: Annotated[str | None, Made(lambda stored: expiry_json(stored.entry))]


class ColumnBody(Document):
    """A column of a table."""

    name: str
    type: str
    primary_key: bool
    nullable: bool


class TableBody(Document):
    """A table; `rows` is null where counting was not asked for and no estimate exists."""

    name: Annotated[str, From("table.name")]
    rows: Annotated[int | None, From("table.rows.value")]
    exact: Annotated[bool, Made(lambda entry: _is_exact(entry.table.rows))]
    columns: Annotated[list[ColumnBody], From("table.columns")]
    referenced_by: list[str]


class TablesDocument(Document):
    """The answer of `tables`."""

    backend: str
    tables: list[TableBody]


def row_body(columns: Sequence[Column], cells: Sequence[Cell]) -> dict[str, object]:
    """Return a row by its columns' names."""
    return {
        column.name: cell_to_json(cell, is_json=column.is_json)
        for column, cell in zip(columns, cells, strict=True)
    }


def _rows(page: RowPage) -> list[dict[str, object]]:
    return [row_body(page.columns, row) for row in page.rows]


class RowsDocument(Document):
    """The answer of `rows`."""

    columns: Annotated[list[str], Made(lambda page: [column.name for column in page.columns])]
    rows: Annotated[list[dict[str, JsonValue]], Made(_rows)]
    next: str | None
    complete: bool
