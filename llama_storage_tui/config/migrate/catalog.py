"""Inline stores of 0.2 as a catalog: the backends that they describe, and references to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from llama_storage_tui.config.document import Path
from llama_storage_tui.config.edit.operations import AddEntry, DropEntry, Operation, PutValue, RenameKey
from llama_storage_tui.config.edit.render import Above, plain
from llama_storage_tui.config.edit.structure import written_at
from llama_storage_tui.config.legacy import TOP_LEVEL, snippet_family, snippets
from llama_storage_tui.config.migrate.draft import Draft, Proposal, Provider, free_name
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import CONSUMERS
from llama_storage_tui.upstream.migration import (
    OLD_DEFAULTS,
    STORE_NAMES,
    TABLES_BEFORE,
    api_after,
    reference_name,
    type_after,
)
from llama_storage_tui.upstream.run_config.stores import default_stores

_QUEUE = ("max_write_queue_size", "num_writers")
_OWN_FOLDER = "${env.LLAMA_STACK_CONFIG_DIR:=~/.llama}"
_DEFAULT_FILES = {Family.KV: "kvstore.db", Family.SQL: "sqlstore.db"}
_MERGED_FILES = {Family.KV: "kvstore.db", Family.SQL: "sql_store.db"}
_FIELDS_OF = {
    "sqlite": ("db_path",),
    "redis": ("host", "port"),
    "postgres": ("host", "port", "db", "user", "password", "ssl_mode", "ca_cert_path", "table_name"),
    "mongodb": ("host", "port", "db", "user", "password", "collection_name"),
}
"""The settings of each engine in 0.2; what else stands in a snippet was read by nobody."""
_SQL_FIELDS = ("host", "port", "db", "user", "password")
_STANDARD = {"host": "localhost", "postgres.port": "5432", "redis.port": "6379", "mongodb.port": "27017"}


@dataclass(slots=True)
class _Group:
    """Equal connection settings, which become one backend: where they stand, and how they are written."""

    family: Family
    engine: str
    value: dict[str, object]
    places: list[Path] = field(default_factory=list)
    name: str = ""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class _Use:
    """An inline store and what it becomes: the reference's own field is its name in the catalog."""

    path: Path
    snippet: Mapping[str, object]
    family: Family
    provider: Provider | None


def is_inline(draft: Draft) -> bool:
    """Tell whether the file has inline stores that its release reads."""
    return draft.before < changes.STORAGE_OPTIONAL and any(True for _ in snippets(draft.data))


def make_catalog(draft: Draft) -> Iterator[Proposal]:
    """Turn inline stores into `storage`, and each place that had one into a reference."""
    if draft.after < changes.CATALOG:
        return
    has_storage = isinstance(draft.data.get("storage"), Mapping)
    uses = [*_uses(draft)]
    if draft.before >= changes.STORAGE_OPTIONAL and not has_storage:
        yield from _ignored(draft)
        return
    if draft.before >= changes.CATALOG and not uses:
        return
    yield from _Catalog(draft, uses).proposals()


def _ignored(draft: Draft) -> Iterator[Proposal]:
    for key in TOP_LEVEL:
        if key in draft.data:
            reason = f"{draft.before.product} {draft.before} ignores {key}, which belongs to 0.2"
            yield Proposal((key,), "removed-key", reason, (DropEntry((key,)),), lost=reason)


def _uses(draft: Draft) -> Iterator[_Use]:
    providers = {provider.path: provider for provider in draft.providers()}
    for path, snippet in snippets(draft.data):
        yield _Use(path, snippet, snippet_family(path), providers.get(path[:3]))


class _Catalog:
    """The backends of one file, made of its inline stores."""

    def __init__(self, draft: Draft, uses: list[_Use]) -> None:
        self.draft = draft
        self.all_uses = uses
        self.uses = [use for use in uses if self._stays(use)]
        self.groups: list[_Group] = []
        self.of: dict[Path, _Group] = {}
        self.namespaces: set[tuple[str, str]] = set()
        self._take_over_backends()
        for use in self.uses:
            self._join(use)
        self._complete()
        self._merge()
        self._name()

    # What becomes of a place

    def _stays(self, use: _Use) -> bool:
        draft = self.draft
        if use.provider is not None:
            return draft.keeps_provider(use.provider) and self._field(use) is not None
        return use.path[0] != "server" or draft.after < changes.QUOTA_REMOVED

    def _is_of_agents(self, use: _Use) -> bool:
        """Tell whether a store is one of the agents, whose provider gets one for responses even where it had none."""
        provider = use.provider
        return provider is not None and provider.api in ("agents", "responses") and self.draft.keeps_provider(provider)

    def _field(self, use: _Use) -> tuple[Path, Family] | None:
        """Return where a provider of the new release has the reference, below its config; None where it has none any more."""
        provider = use.provider
        assert provider is not None, "asked for a provider's store"  # noqa: S101 - a programming error
        key = use.path[4:]
        api = api_after(provider.api, self.draft.after)
        type_ = type_after(provider.api, provider.type, self.draft.after)
        known = [
            row
            for row in CONSUMERS
            if row.api == api and type_ in row.types and row.holds_for(self.draft.after)
        ]
        if not known:
            return key, use.family
        wanted: Path = {
            "persistence_store": ("persistence", "agent_state"),
            "responses_store": ("persistence", "responses"),
        }.get(str(key[-1]), key)
        for row in known:
            if row.path == wanted or (api not in ("agents", "responses") and row.path != ("metadata_store",)):
                return row.path, row.family
            if row.path == key:
                return row.path, row.family
        return None

    # Backends

    def _take_over_backends(self) -> None:
        """Count the backends that a half-migrated file has already: an inline store with equal settings is one of them."""
        for name, entry in self.draft.mapping("storage", "backends").items():
            family, _, engine = str(entry.get("type") if isinstance(entry, Mapping) else "").partition("_")
            if isinstance(entry, Mapping) and family in ("kv", "sql") and engine in _FIELDS_OF:
                value = {str(key): item for key, item in entry.items()}
                self.groups.append(_Group(Family(family), engine, value, name=str(name), is_new=False))

    def _join(self, use: _Use) -> None:
        engine = str(use.snippet["type"])
        target = self._field(use) if use.provider is not None else None
        if target is not None and target[1] is not use.family:
            return  # batches from 1.0 on: the rows go to a SQL store
        value = self._settings(use, engine)
        same = next(
            (
                group
                for group in self.groups
                if group.family is use.family
                and group.engine == engine
                and _normal(group.value, engine, use.family) == _normal(value, engine, use.family)
            ),
            None,
        )
        if same is None:
            same = _Group(use.family, engine, value)
            self.groups.append(same)
        same.places.append(use.path)
        self.of[use.path] = same

    def _settings(self, use: _Use, engine: str) -> dict[str, object]:
        value: dict[str, object] = {"type": f"{use.family}_{engine}"}
        for name in use.snippet:
            if name in _FIELDS_OF[engine] and not (use.family is Family.SQL and name not in (*_SQL_FIELDS, "db_path")):
                value[name] = written_at(self.draft.text, (*use.path, name))
        if engine == "sqlite" and not plain(value.get("db_path")):
            value["db_path"] = f"{_OWN_FOLDER}/runtime/{_DEFAULT_FILES[use.family]}"
        return value

    def _complete(self) -> None:
        """Add what the new release needs and no inline store describes."""
        storage = self.draft.mapping("storage")
        if "metadata_store" not in self.draft.data and not storage:
            path = f"{_OWN_FOLDER}/distributions/{self.draft.distribution}/kvstore.db"
            value: dict[str, object] = {"type": "kv_sqlite", "db_path": path}
            self.groups.insert(0, _Group(Family.KV, "sqlite", value, [("metadata_store",)]))
            self.of["metadata_store",] = self.groups[0]
        if storage or any(group.family is Family.SQL for group in self.groups):
            return
        first = self._main(Family.KV)
        if first is not None and first.engine == "postgres":
            value = {"type": "sql_postgres"} | {
                name: plain(item) for name, item in first.value.items() if name in _SQL_FIELDS
            }
            self.groups.append(_Group(Family.SQL, "postgres", value))
        else:
            path = f"{self.draft.folder}/{_MERGED_FILES[Family.SQL]}" if first is None else self._beside(first, Family.SQL)
            self.groups.append(_Group(Family.SQL, "sqlite", {"type": "sql_sqlite", "db_path": path}))

    def _beside(self, group: _Group, family: Family) -> str:
        """Return a file with upstream's name in the folder of a backend's file."""
        folder, separator, name = str(plain(group.value.get("db_path", ""))).rpartition("/")
        if not separator or "}" in name or group.engine != "sqlite":
            folder = self.draft.folder
        return f"{folder}/{_MERGED_FILES[family]}"

    def _main(self, family: Family) -> _Group | None:
        """Return the group that gets the default name: that of the metadata or of the inference, or the first."""
        first = ("metadata_store",) if family is Family.KV else ("inference_store",)
        found = [group for group in self.groups if group.family is family]
        return next((group for group in found if any(place[0] == first[0] for place in group.places)), found[0] if found else None)

    def _merge(self) -> None:
        if self.draft.layout is not BackendLayout.MERGE or not all(group.is_new for group in self.groups):
            return
        for family in (Family.KV, Family.SQL):
            found = [group for group in self.groups if group.family is family]
            main = self._main(family)
            if main is None or len(found) < 2:
                continue
            if main.engine == "sqlite":
                main.value["db_path"] = self._beside(main, family)
            for group in found:
                if group is not main:
                    main.places += group.places
                    self.of |= dict.fromkeys(group.places, main)
                    self.groups.remove(group)

    def _name(self) -> None:
        existing = {str(name) for name in self.draft.mapping("storage", "backends")}
        taken = {*existing}
        for family in (Family.KV, Family.SQL):
            main = self._main(family)
            for group in (one for one in self.groups if one.family is family and one.is_new):
                wanted = f"{family}_default" if group is main else f"{family}_{self._short(group.places[0])}"
                group.name = free_name(wanted, taken)
                taken.add(group.name)

    def _short(self, place: Path) -> str:
        if place[0] == "server":
            return "quota"
        if place[0] != "providers":
            return str(place[0]).removesuffix("_store")
        if place[-1] == "responses_store":
            return "responses"
        provider = next((use.provider for use in self.uses if use.path == place), None)
        api = str(place[1])
        return api if provider is None or api in ("agents", "files", "batches", "eval") else provider.id

    # The new file

    def proposals(self) -> Iterator[Proposal]:
        """Yield the change of each place, then that of `storage`."""
        has_storage = isinstance(self.draft.data.get("storage"), Mapping)
        by_provider: dict[Path, list[_Use]] = {}
        for use in self.all_uses:
            if use.provider is not None and (use in self.uses or self._is_of_agents(use)):
                by_provider.setdefault(use.provider.path, []).append(use)
            elif use.path[0] == "server" and use in self.uses:
                yield self._quota(use)
        for found in by_provider.values():
            yield from self._provider(found)
        if has_storage:
            yield from self._into_storage()
        else:
            yield self._storage()

    def _backend_for(self, family: Family) -> str:
        if not all(group.is_new for group in self.groups):
            found = self.draft.key_value_backend() if family is Family.KV else self.draft.sql_backend()
            if found is not None:
                return found
        main = self._main(family)
        return f"{family}_default" if main is None else main.name

    def _namespace(self, wanted: str, backend: str, provider: str = "") -> str:
        name = wanted
        if provider and (backend, name) in self.namespaces:
            name = f"{wanted}_{provider}"
        self.namespaces.add((backend, name))
        return name

    def _reference(self, use: _Use, family: Family, name: str) -> dict[str, object]:
        group = self.of.get(use.path)
        backend = group.name if group is not None else self._backend_for(family)
        if family is Family.SQL:
            return {"table_name": name, "backend": backend}
        inline = use.snippet.get("namespace")
        if isinstance(inline, str) and inline:
            name = inline
        else:
            name = self._namespace(name, backend, use.provider.id if use.provider else "")
        return {"namespace": name, "backend": backend}

    def _provider(self, uses: list[_Use]) -> Iterator[Proposal]:
        provider = uses[0].provider
        assert provider is not None, "grouped by provider"  # noqa: S101 - a programming error
        if api_after(provider.api, changes.AGENTS_RENAMED) == "responses":
            yield self._agents(provider, uses)
            return
        for use in uses:
            target = self._field(use)
            assert target is not None, "places without a target are left out"  # noqa: S101 - a programming error
            path, family = target
            name = reference_name(provider.api, provider.type, str(path[-1]))
            operations: list[Operation] = [PutValue(use.path, self._reference(use, family, name), keeps_comments=True)]
            if path != use.path[4:]:
                operations.append(RenameKey(use.path, str(path[0])))
            yield Proposal(
                use.path,
                "reference",
                f"From 0.3 on a provider refers to a backend of storage.backends; {self.draft.target} reads "
                f"{'.'.join(map(str, path))}",
                tuple(operations),
            )

    def _agents(self, provider: Provider, uses: list[_Use]) -> Proposal:
        draft = self.draft
        value: dict[str, object] = {}
        lost = None
        for use in uses:
            if use.path[-1] == "persistence_store" and use in self.uses:
                value["agent_state"] = self._reference(use, Family.KV, "agents")
        responses = next((use for use in uses if use.path[-1] == "responses_store"), None)
        table = "responses"
        if responses is not None and draft.layout is BackendLayout.KEEP and draft.after >= changes.RESPONSES_TABLE_COUNTS:
            table = TABLES_BEFORE["responses"]
        if responses is not None:
            value["responses"] = self._reference(responses, Family.SQL, table)
        else:
            value["responses"] = {"table_name": "responses", "backend": self._backend_for(Family.SQL)}
        keys = [key for key in ("persistence_store", "responses_store") if key in provider.config]
        if "persistence_store" in keys and "agent_state" not in value:
            lost = f"{draft.target} keeps no state of agents: sessions and turns of the Agents API stay in the old store"
        first: Path = (*provider.path, "config", keys[0])
        operations: list[Operation] = [
            RenameKey(first, "persistence"),
            PutValue(first, value, keeps_comments=True),
            *(DropEntry((*provider.path, "config", key)) for key in keys[1:]),
        ]
        reason = "From 0.3 on the provider has its stores in persistence, as references to backends"
        return Proposal(first, "reference", reason, tuple(operations), lost)

    def _quota(self, use: _Use) -> Proposal:
        reference = self._reference(use, Family.KV, "quota")
        reason = "From 0.3 on the quota refers to a backend of storage.backends"
        return Proposal(use.path, "reference", reason, (PutValue(use.path, reference, keeps_comments=True),))

    def _stores(self) -> dict[str, object]:
        draft = self.draft
        stores: dict[str, object] = {}
        for name, spec in default_stores(draft.after).items():
            if name in ("responses", "vector_stores"):
                continue
            stores[name] = self._store(name, spec.family)
        return stores

    def _store(self, name: str, family: Family) -> object:
        draft = self.draft
        key = f"{name}_store"
        use = next((use for use in self.uses if use.path[0] == key), None)
        table = STORE_NAMES[name]
        if use is None:
            backend = self._backend_for(family)
            if family is Family.SQL:
                return {"table_name": table, "backend": backend}
            return {"namespace": self._namespace(table, backend), "backend": backend}
        keeps_table = name == "inference" and draft.after >= changes.INFERENCE_TABLE_COUNTS
        if keeps_table and draft.layout is BackendLayout.KEEP:
            table = TABLES_BEFORE[name]
        value = self._reference(use, family, table)
        for setting in _QUEUE:
            if setting in draft.mapping(key):
                value[setting] = written_at(draft.text, (key, setting))
        entry = draft.text.entry((key,))
        comments = draft.text.comments_above(entry) if entry is not None and key != "metadata_store" else ()
        return Above(value, comments) if comments else value

    def _storage(self) -> Proposal:
        draft = self.draft
        backends: dict[str, object] = {group.name: self._with_defaults(group) for group in self.groups}
        prompts = self._prompts_file()
        if prompts is not None:
            backends |= prompts
        stores = self._stores()
        if prompts is not None:
            stores["prompts"] = {"namespace": STORE_NAMES["prompts"], "backend": next(iter(prompts))}
        value = {"backends": backends, "stores": stores}
        merged = " Equal connection settings are one backend." if any(len(one.places) > 1 for one in self.groups) else ""
        reason = f"From 0.3 on backends are defined once, in storage.backends, and stores refer to them.{merged}"
        keys = [key for key in TOP_LEVEL if key in draft.data]
        operations: list[Operation] = [DropEntry((key,)) for key in keys[1:]]
        if keys:
            operations += [RenameKey((keys[0],), "storage"), PutValue((keys[0],), value)]
        else:
            operations.append(AddEntry((), "storage", value))
        return Proposal((keys[0],) if keys else ("storage",), "catalog", reason, tuple(operations))

    def _prompts_file(self) -> dict[str, object] | None:
        """Return the file of prompts that 0.2 names itself, where the new release can go on with it as it is."""
        draft = self.draft
        reads_keys = changes.PROMPTS_STORE <= draft.after < changes.SQL_PROMPTS
        if not reads_keys or draft.layout is BackendLayout.MERGE or draft.before < changes.PROMPTS_FILE:
            return None
        path = f"{_OWN_FOLDER}/distributions/{draft.distribution}/prompts.db"
        return {free_name("kv_prompts", (group.name for group in self.groups)): {"type": "kv_sqlite", "db_path": path}}

    def _with_defaults(self, group: _Group) -> dict[str, object]:
        if self.draft.after < changes.OGX:
            return group.value
        missing = OLD_DEFAULTS.get(str(group.value["type"]), {})
        return group.value | {name: value for name, value in missing.items() if name not in group.value}

    def _into_storage(self) -> Iterator[Proposal]:
        """Add what a half-migrated file lacks: its `storage` counts where both say something."""
        draft = self.draft
        operations: list[Operation] = []
        has_backends = isinstance(draft.get("storage", "backends"), Mapping)
        new = {group.name: self._with_defaults(group) for group in self.groups if group.is_new}
        if has_backends:
            operations += [AddEntry(("storage", "backends"), name, value) for name, value in new.items()]
        elif new:
            operations.append(AddEntry(("storage",), "backends", new))
        stores = {
            name: self._store(name, Family.KV if name == "metadata" else Family.SQL)
            for name in ("metadata", "inference", "conversations")
            if f"{name}_store" in draft.data and name not in draft.mapping("storage", "stores")
        }
        if isinstance(draft.get("storage", "stores"), Mapping):
            operations += [AddEntry(("storage", "stores"), name, value) for name, value in stores.items()]
        elif stores:
            operations.append(AddEntry(("storage",), "stores", stores))
        if operations:
            reason = "The file is half migrated: inline stores become backends of the storage that it has"
            yield Proposal(("storage",), "catalog", reason, tuple(operations))
        for key in TOP_LEVEL:
            if key in draft.data:
                name = key.removesuffix("_store")
                lost = None
                if name in draft.mapping("storage", "stores"):
                    lost = f"storage.stores.{name} counts, and {key} is ignored beside it: its rows stay where they are"
                yield Proposal((key,), "removed-key", f"{key} belongs to 0.2", (DropEntry((key,)),), lost)


def _normal(value: Mapping[str, object], engine: str, family: Family) -> dict[str, str]:
    """Return connection settings for a comparison: defaults filled in, numbers as text."""
    result = {name: str(plain(item)) for name, item in value.items() if plain(item) is not None}
    result.setdefault("host", _STANDARD["host"])
    if f"{engine}.port" in _STANDARD:
        result.setdefault("port", _STANDARD[f"{engine}.port"])
    for name, default in OLD_DEFAULTS.get(f"{family}_{engine}", {}).items():
        result.setdefault(name, default)
    return result
