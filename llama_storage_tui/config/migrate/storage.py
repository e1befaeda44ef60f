"""Stores, references and settings of backends, as the release reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.edit.operations import (
    AddEntry,
    DropEntry,
    Operation,
    PutValue,
    RenameKey,
)
from llama_storage_tui.config.migrate.draft import Draft, DraftProvider, Proposal, all_references
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import CONSUMERS, Consumer
from llama_storage_tui.upstream.migration import (
    STORE_NAMES,
    TABLES_BEFORE,
    reference_name,
)
from llama_storage_tui.upstream.providers import needed_apis
from llama_storage_tui.upstream.run_config.stores import default_stores

_STORES: Final[Path] = ("storage", "stores")


def stores(draft: Draft) -> Iterator[Proposal]:
    """Bring prompts and connectors to SQL, and write down the stores whose default would not do."""
    if not isinstance(draft.data.get("storage"), Mapping):
        return
    listed = draft.mapping(*_STORES)
    known = default_stores(draft.after)
    for name, spec in known.items():
        path: Path = (*_STORES, name)
        entry = listed.get(name)
        if (
            isinstance(entry, Mapping)
            and spec.family is Family.SQL
            and "namespace" in entry
            and "table_name" not in entry
        ):
            yield _to_sql(draft, path, entry)
        elif (
            entry is None
            and name not in ("responses", "vector_stores")
            and _needs_writing(draft, name, spec.default)
        ):
            yield from _added_store(draft, name, spec.family)


def _to_sql(draft: Draft, path: Path, entry: Mapping[object, object]) -> Proposal:
    backend = draft.sql_backend() or "sql_default"
    operations: list[Operation] = [
        RenameKey((*path, "namespace"), "table_name"),
        PutValue((*path, "namespace"), STORE_NAMES[str(path[-1])]),
    ]
    operations.append(
        PutValue((*path, "backend"), backend) if "backend" in entry else AddEntry(path, "backend", backend)
    )
    table = STORE_NAMES[str(path[-1])]
    reason = (
        f"From 1.0 on {path[-1]} are kept in the SQL table {table}; rows that are keys now are not read there"
    )
    return Proposal(path, "to-sql", reason, tuple(operations))


def _needs_writing(draft: Draft, name: str, default: Mapping[str, str] | None) -> bool:
    """Tell whether a store that the file leaves out would not be where its rows are, or not be at all."""
    if default is None:
        return draft.before < changes.CATALOG
    if default["backend"] not in draft.mapping("storage", "backends"):
        return "backends" in draft.mapping("storage")
    # 0.3 keeps prompts on the backend of the metadata.
    is_moved = (
        name == "prompts" and draft.crosses(changes.PROMPTS_STORE) and draft.after < changes.SQL_PROMPTS
    )
    return is_moved and draft.key_value_backend() != default["backend"]


def _added_store(draft: Draft, name: str, family: Family) -> Iterator[Proposal]:
    backend = draft.backend_for(family)
    if backend is None:
        return
    word = "namespace" if family is Family.KV else "table_name"
    value = {word: STORE_NAMES[name], "backend": backend}
    path: Path = (*_STORES, name)
    reason = f"{draft.target} needs the store {name}, and its default names a backend that is not the one"
    if isinstance(draft.get(*_STORES), Mapping):
        yield Proposal(path, "added-store", reason, (AddEntry(_STORES, name, value),))
    else:
        yield Proposal(path, "added-store", reason, (AddEntry(("storage",), "stores", {name: value}),))


def tables(draft: Draft) -> Iterator[Proposal]:
    """Name the table in which rows are, where a release begins to obey the name."""
    if draft.layout is BackendLayout.MERGE or draft.before < changes.CATALOG:
        return
    if draft.crosses(changes.INFERENCE_TABLE_COUNTS):
        yield from _table(
            draft, (*_STORES, "inference"), TABLES_BEFORE["inference"], changes.INFERENCE_TABLE_COUNTS
        )
    if draft.crosses(changes.RESPONSES_TABLE_COUNTS):
        for provider in draft.providers():
            path: Path = (*provider.path, "config", "persistence", "responses")
            if provider.api in ("agents", "responses"):
                yield from _table(draft, path, TABLES_BEFORE["responses"], changes.RESPONSES_TABLE_COUNTS)


def _table(draft: Draft, path: Path, table: str, since: object) -> Iterator[Proposal]:
    written = draft.get(*path, "table_name")
    if isinstance(written, str) and written != table:
        reason = f"Before {since} the rows are in {table}, whatever table_name says; from then on it is used"
        place = (*path, "table_name")
        yield Proposal(place, "table", reason, (PutValue(place, table),))


def references(draft: Draft) -> Iterator[Proposal]:
    """Bring each provider's references to those that the release reads."""
    if draft.after < changes.CATALOG:
        return
    taken = {
        (str(entry.get("backend")), str(entry.get("namespace")))
        for _, entry in all_references(draft)
        if "namespace" in entry
    }
    for provider in draft.providers():
        rows = [row for row in CONSUMERS if row.api == provider.api and provider.type in row.types]
        now = [row for row in rows if row.holds_for(draft.after)]
        old = [
            row
            for row in rows
            if not row.holds_for(draft.after) and row.path not in [one.path for one in now]
        ]
        moved = [row for row in old if get(provider.config, *row.path) is not None]
        for row in moved:
            yield _moved(draft, provider, row, now)
        replaced = {one.path for row in moved if (one := _successor(row, now)) is not None}
        for row in now:
            if row.is_required and row.path not in replaced and get(provider.config, *row.path) is None:
                yield from _added(draft, provider, row, taken)


def _successor(row: Consumer, now: list[Consumer]) -> Consumer | None:
    return next((one for one in now if row.path == ("kvstore",) and one.path == ("sqlstore",)), None)


def _moved(draft: Draft, provider: DraftProvider, row: Consumer, now: list[Consumer]) -> Proposal:
    path: Path = (*provider.path, "config", *row.path)
    successor = _successor(row, now)
    if successor is None:
        dotted = ".".join(row.path)
        lost = f"{draft.target} does not read {dotted} of {provider.api}: what it holds stays where it is"
        return Proposal(path, "removed-reference", lost, (DropEntry(path),), lost)
    value = {
        "table_name": reference_name(provider.api, provider.type, successor.path[-1]),
        "backend": draft.sql_backend(),
    }
    reason = f"From 1.0 on {provider.api} are kept in a SQL table, by sqlstore; rows that are keys now are not read there"
    operations = (RenameKey(path, successor.path[-1]), PutValue(path, value, keeps_comments=True))
    return Proposal(path, "to-sql", reason, operations)


def _added(
    draft: Draft, provider: DraftProvider, row: Consumer, taken: set[tuple[str, str]]
) -> Iterator[Proposal]:
    backend = draft.backend_for(row.family)
    if (
        backend is None
        or draft.before == draft.after
        or draft.text.entry((*provider.path, "config", *row.path)) is not None
    ):
        return
    name = reference_name(provider.api, provider.type, row.path[-1])
    if row.family is Family.KV and (backend, name) in taken:
        name = f"{name}_{provider.id}"
    taken.add((backend, name))
    value: object = {"namespace" if row.family is Family.KV else "table_name": name, "backend": backend}
    path: Path = (*provider.path, "config", *row.path)
    reason = f"{draft.target} does not start the provider without {'.'.join(row.path)}"
    yield Proposal(path, "added-reference", reason, (draft.put_at(path, value),))


def missing_apis(draft: Draft) -> Iterator[Proposal]:
    """Add files where a provider needs them: file search and responses do, what they are made of did not."""
    listed = draft.mapping("providers")
    needing = [
        provider
        for provider in draft.providers()
        if provider.id != "__disabled__" and "files" in needed_apis(provider.api, provider.type, draft.after)
    ]
    if draft.after < changes.CATALOG or draft.before == draft.after or not needing or listed.get("files"):
        return
    backend = draft.sql_backend()
    if backend is None:
        return
    value = [
        {
            "provider_id": "builtin-files"
            if draft.after >= changes.AGENTS_RENAMED
            else "meta-reference-files",
            "provider_type": "inline::localfs",
            "config": {
                "storage_dir": draft.folder.replace("SQLITE_STORE_DIR", "FILES_STORAGE_DIR")[:-1] + "/files}",
                "metadata_store": {"table_name": "files_metadata", "backend": backend},
            },
        }
    ]
    names = ", ".join(dict.fromkeys(provider.type for provider in needing))
    operations: list[Operation] = []
    if "files" in listed:
        operations.append(PutValue(("providers", "files"), value))
    else:
        operations.append(AddEntry(("providers",), "files", value))
    apis = draft.data.get("apis")
    if isinstance(apis, list) and apis and "files" not in apis:
        operations.append(AddEntry(("apis",), None, "files"))
    reason = f"{draft.target} does not start {names} without a provider of files"
    yield Proposal(("providers", "files"), "added-provider", reason, tuple(operations))


def vector_metadata(draft: Draft) -> Iterator[Proposal]:
    """Give vector stores a SQL store where a policy demands one: from 1.2 on the providers do not start without."""
    has_policy = bool(draft.get("server", "auth", "access_policy"))
    if (
        not draft.crosses(changes.TENANCY)
        or not has_policy
        or not draft.mapping("providers").get("vector_io")
    ):
        return
    backend = draft.sql_backend()
    listed = draft.mapping(*_STORES)
    if (
        backend is None
        or listed.get("vector_stores") is not None
        or not isinstance(draft.data.get("storage"), Mapping)
    ):
        return
    value = {"table_name": STORE_NAMES["vector_stores"], "backend": backend}
    reason = (
        "From 1.2 on providers of vector_io do not start with an access policy and without a SQL store for what they register. "
        "Migrate the stored keys before the first start: what they hold is copied once"
    )
    operation = (
        AddEntry(_STORES, "vector_stores", value)
        if isinstance(draft.get(*_STORES), Mapping)
        else AddEntry(("storage",), "stores", {"vector_stores": value})
    )
    yield Proposal((*_STORES, "vector_stores"), "added-store", reason, (operation,))


def merge(draft: Draft) -> Iterator[Proposal]:
    """Point every reference to one key-value and one SQL backend, and take the others out."""
    if draft.layout is not BackendLayout.MERGE or draft.before < changes.CATALOG:
        return
    backends = {
        str(name): str(entry.get("type"))
        for name, entry in draft.mapping("storage", "backends").items()
        if isinstance(entry, Mapping)
    }
    target = {"kv": draft.key_value_backend(), "sql": draft.sql_backend()}
    merged = {
        name
        for name, type_ in backends.items()
        if type_.partition("_")[0] in target and name != target[type_.partition("_")[0]]
    }
    if not merged:
        return
    names: set[tuple[str, str]] = set()
    for path, entry in all_references(draft):
        old = str(entry.get("backend"))
        new = target.get(backends.get(old, "").partition("_")[0]) or old
        namespace = entry.get("namespace")
        operations: list[Operation] = [] if old == new else [PutValue((*path, "backend"), new)]
        if isinstance(namespace, str) and (new, namespace) in names and old != new:
            namespace = f"{namespace}_{old}"
            operations.append(PutValue((*path, "namespace"), namespace))
        names.add((new, str(namespace)))
        if operations:
            yield Proposal(
                path,
                "merged-reference",
                f"All {new.partition('_')[0]} references name {new}",
                tuple(operations),
            )
    for name in sorted(merged):
        path = ("storage", "backends", name)
        yield Proposal(
            path,
            "merged-backend",
            f"Its references name {target[backends[name].partition('_')[0]]} now",
            (DropEntry(path),),
        )
