"""The JSON of the commands that look into backends: `test`, `namespaces`, `keys`, `get`, `tables` and `rows`."""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, From, HelpText, Json, Made, json_value
from llama_storage_tui.model.data import Count, KeyEntry, RowPage
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.values import cell_to_json, iso, stored_to_json


class ProbeErrorBody(Document):
    """Why a backend did not answer."""

    kind: Annotated[str, From("failure")]
    message: str
    help: HelpText


def _latency(result: ProbeResult) -> float | None:
    return None if result.probe is None else round(result.probe.latency_ms, 1)


def _details(result: ProbeResult) -> dict[str, JsonValue]:
    """Return what else a server said; warnings and notes only where there are any."""
    if result.probe is None:
        return {}
    details = {name.replace(" ", "_"): json_value(value) for name, value in result.probe.details.items()}
    remarks = (("warnings", result.probe.warnings), ("notes", result.notes))
    return details | {name: [*sentences] for name, sentences in remarks if sentences}


class ProbeBody(Document):
    """One backend's answer to `test`."""

    backend: str
    ok: bool
    latency_ms: Annotated[float | None, Made(_latency)]
    server: Annotated[str | None, From("probe.server")]
    user: Annotated[str | None, From("probe.user")]
    tls: Annotated[str | None, From("probe.tls")]
    writable: Annotated[bool | None, From("probe.is_writable")]
    details: Annotated[dict[str, JsonValue], Made(_details)]
    error: ProbeErrorBody | None


class TestDocument(Document):
    """The answer of `test`."""

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


def _expiry(entry: KeyEntry) -> str | None:
    return iso(entry.expires_at) if entry.expires_at else entry.expiration_text


class KeyBody(Document):
    """One key; bytes and NULL keys of a broken store are `{"$bytes"}` and null."""

    key: Json
    bytes: int | None
    expires_at: Annotated[str | None, Made(_expiry)]
    expired: bool


class KeysDocument(Document):
    """The answer of `keys`."""

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
    expires_at: Annotated[str | None, Made(lambda stored: _expiry(stored.entry))]


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


def _rows(page: RowPage) -> list[dict[str, object]]:
    return [
        {
            column.name: cell_to_json(cell, is_json=column.is_json)
            for column, cell in zip(page.columns, row, strict=True)
        }
        for row in page.rows
    ]


class RowsDocument(Document):
    """The answer of `rows`."""

    columns: Annotated[list[str], Made(lambda page: [column.name for column in page.columns])]
    rows: Annotated[list[dict[str, JsonValue]], Made(_rows)]
    next: str | None
    complete: bool
