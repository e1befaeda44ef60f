"""The JSON of the commands that look into backends: `test`, `namespaces`, `keys`, `get`, `tables` and `rows`."""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, From, HelpText, iso, json_value
from llama_storage_tui.model.data import Count, KeyEntry, Namespace, RowPage, StoredValue
from llama_storage_tui.services.browse import NamespaceListing, TableEntry
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.values import cell_to_json, stored_to_json


class ProbeErrorBody(Document):
    """Why a backend did not answer."""

    kind: Annotated[str, From("failure")]
    message: str
    help: HelpText


class ProbeBody(Document):
    """One backend's answer to `test`."""

    backend: str
    ok: bool
    latency_ms: float | None
    server: str | None
    user: str | None
    tls: str | None
    writable: bool | None
    details: dict[str, JsonValue]
    error: ProbeErrorBody | None

    @classmethod
    def of(cls, result: ProbeResult) -> ProbeBody:
        """Make the body of a result."""
        probe, error = result.probe, result.error
        return cls(
            backend=result.backend,
            ok=result.is_ok,
            latency_ms=None if probe is None else round(probe.latency_ms, 1),
            server=probe.server if probe else None,
            user=probe.user if probe else None,
            tls=probe.tls if probe else None,
            writable=probe.is_writable if probe else None,
            details={}
            if probe is None
            else {name.replace(" ", "_"): json_value(value) for name, value in probe.details.items()}
            | ({"warnings": list(probe.warnings)} if probe.warnings else {})
            | ({"notes": list(result.notes)} if result.notes else {}),
            error=None if error is None else ProbeErrorBody.model_validate(error),
        )


class TestDocument(Document):
    """The answer of `test`."""

    results: list[ProbeBody]


class NamespaceBody(Document):
    """A namespace with its keys counted; `keys` is null where no key can be told to be its own."""

    name: str
    keys: int | None
    exact: bool
    referenced_by: list[str]

    @classmethod
    def of(cls, namespace: Namespace) -> NamespaceBody:
        """Make the body of a namespace."""
        return cls(
            name=namespace.name,
            keys=namespace.keys.value if namespace.keys else None,
            exact=namespace.keys.is_exact if namespace.keys else False,
            referenced_by=list(namespace.referenced_by),
        )


class UnassignedBody(Document):
    """The keys outside every known namespace."""

    keys: int
    exact: bool


class NamespacesDocument(Document):
    """The answer of `namespaces`."""

    backend: str
    namespaces: list[NamespaceBody]
    unassigned: UnassignedBody

    @classmethod
    def of(cls, listing: NamespaceListing) -> NamespacesDocument:
        """Make the document of a listing."""
        rest = listing.unassigned.keys or Count(0, is_exact=True)
        return cls(
            backend=listing.backend,
            namespaces=[NamespaceBody.of(namespace) for namespace in listing.namespaces],
            unassigned=UnassignedBody(keys=rest.value, exact=rest.is_exact),
        )


class KeyBody(Document):
    """One key; bytes and NULL keys of a broken store are `{"$bytes"}` and null."""

    key: JsonValue
    bytes: int | None
    expires_at: str | None
    expired: bool

    @classmethod
    def of(cls, entry: KeyEntry) -> KeyBody:
        """Make the body of a key."""
        return cls(
            key=json_value(entry.key),
            bytes=entry.bytes,
            expires_at=iso(entry.expires_at) if entry.expires_at else entry.expiration_text,
            expired=entry.is_expired,
        )


class KeysDocument(Document):
    """The answer of `keys`."""

    keys: list[KeyBody]
    next: str | None
    complete: bool
    scanned: int


class GetDocument(Document):
    """The answer of `get`."""

    key: JsonValue
    value: JsonValue
    bytes: int | None
    expires_at: str | None

    @classmethod
    def of(cls, stored: StoredValue) -> GetDocument:
        """Make the document of a value."""
        key = KeyBody.of(stored.entry)
        value: JsonValue = stored_to_json(stored.value)  # type: ignore[assignment] # as in json_value
        return cls(key=key.key, value=value, bytes=key.bytes, expires_at=key.expires_at)


class ColumnBody(Document):
    """A column of a table."""

    name: str
    type: str
    primary_key: bool
    nullable: bool


class TableBody(Document):
    """A table; `rows` is null where counting was not asked for and no estimate exists."""

    name: str
    rows: int | None
    exact: bool
    columns: list[ColumnBody]
    referenced_by: list[str]

    @classmethod
    def of(cls, entry: TableEntry) -> TableBody:
        """Make the body of a table."""
        count = entry.table.rows
        return cls(
            name=entry.table.name,
            rows=count.value if count else None,
            exact=count.is_exact if count else False,
            columns=[ColumnBody.model_validate(column) for column in entry.table.columns],
            referenced_by=list(entry.referenced_by),
        )


class TablesDocument(Document):
    """The answer of `tables`."""

    backend: str
    tables: list[TableBody]


class RowsDocument(Document):
    """The answer of `rows`."""

    columns: list[str]
    rows: list[dict[str, JsonValue]]
    next: str | None
    complete: bool

    @classmethod
    def of(cls, page: RowPage) -> RowsDocument:
        """Make the document of a page."""
        rows: list[dict[str, JsonValue]] = [
            {
                column.name: cell_to_json(cell, is_json=column.is_json)  # type: ignore[misc] # as in json_value
                for column, cell in zip(page.columns, row, strict=True)
            }
            for row in page.rows
        ]
        return cls(
            columns=[column.name for column in page.columns],
            rows=rows,
            next=page.next,
            complete=page.is_complete,
        )
