"""The inline stores of a file of 0.2, and the backends that they become: equal connection settings are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from llama_storage_tui.config.document import Path
from llama_storage_tui.config.edit.render import MERGE, Written, plain
from llama_storage_tui.config.edit.structure import written_at
from llama_storage_tui.config.legacy import TOP_LEVEL, snippet_family, snippets
from llama_storage_tui.config.migrate.draft import Draft, DraftProvider, free_name
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import CONSUMERS
from llama_storage_tui.upstream.migration import (
    INLINE_FIELDS,
    LOGIN_FIELDS,
    OLD_DEFAULTS,
    STANDARD_PORTS,
    api_after,
    type_after,
)

OWN_FOLDER = "${env.LLAMA_STACK_CONFIG_DIR:=~/.llama}"
_DEFAULT_FILES = {Family.KV: "kvstore.db", Family.SQL: "sqlstore.db"}
_MERGED_FILES = {Family.KV: "kvstore.db", Family.SQL: "sql_store.db"}


@dataclass(slots=True)
class BackendGroup:
    """Equal connection settings, which become one backend: where they stand, and how they are written."""

    family: Family
    engine: str
    value: dict[str, object]
    places: list[Path] = field(default_factory=list)
    name: str = ""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class InlineStore:
    """An inline store and what it becomes: the reference's own field is its name in the catalog."""

    path: Path
    snippet: Mapping[str, object]
    family: Family
    provider: DraftProvider | None


def inline_stores(draft: Draft) -> Iterator[InlineStore]:
    """Yield the inline stores of the file."""
    providers = {provider.path: provider for provider in draft.providers()}
    for path, snippet in snippets(draft.data):
        yield InlineStore(path, snippet, snippet_family(path), providers.get(path[:3]))


class InlineStores:
    """The backends of one file, made of its inline stores."""

    def __init__(self, draft: Draft, uses: list[InlineStore]) -> None:
        self.draft = draft
        self.all_uses = uses
        self.uses = [use for use in uses if self._stays(use)]
        self.groups: list[BackendGroup] = []
        self.of: dict[Path, BackendGroup] = {}
        self.namespaces: set[tuple[str, str]] = set()
        self._take_over_backends()
        for use in self.uses:
            self._join(use)
        self._complete()
        self._merge()
        self._name()

    # What becomes of a place

    def _stays(self, use: InlineStore) -> bool:
        draft = self.draft
        if use.provider is not None:
            return draft.keeps_provider(use.provider) and self.target(use) is not None
        return use.path[0] != "server" or draft.after < changes.QUOTA_REMOVED

    def is_of_agents(self, use: InlineStore) -> bool:
        """Tell whether a store is one of the agents, whose provider gets one for responses even where it had none."""
        provider = use.provider
        return (
            provider is not None
            and provider.api in ("agents", "responses")
            and self.draft.keeps_provider(provider)
        )

    def target(self, use: InlineStore) -> tuple[Path, Family] | None:
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
            if isinstance(entry, Mapping) and family in ("kv", "sql") and engine in INLINE_FIELDS:
                value = {str(key): item for key, item in entry.items()}
                self.groups.append(BackendGroup(Family(family), engine, value, name=str(name), is_new=False))

    def _join(self, use: InlineStore) -> None:
        engine = str(use.snippet["type"])
        target = self.target(use) if use.provider is not None else None
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
            same = BackendGroup(use.family, engine, value)
            self.groups.append(same)
        same.places.append(use.path)
        self.of[use.path] = same

    def _settings(self, use: InlineStore, engine: str) -> dict[str, object]:
        type_ = f"{use.family}_{engine}"
        written = written_at(self.draft.text, (*use.path, "type"))
        merged = self._merged(use)
        value: dict[str, object] = {} if merged is None else {MERGE: merged}
        value["type"] = replace(written, value=type_, text=type_) if isinstance(written, Written) else type_
        own = self._own_keys(use) if merged is not None else set(use.snippet)
        for name in use.snippet:
            if (
                name in own
                and name in INLINE_FIELDS[engine]
                and not (use.family is Family.SQL and name not in (*LOGIN_FIELDS, "db_path"))
            ):
                value[name] = written_at(self.draft.text, (*use.path, name))
        if engine == "sqlite" and not use.snippet.get("db_path"):
            value["db_path"] = f"{OWN_FOLDER}/runtime/{_DEFAULT_FILES[use.family]}"
        return value

    def _own_keys(self, use: InlineStore) -> set[str]:
        """Return the keys that a snippet has itself, and not by a merge."""
        entry = self.draft.text.entry(use.path)
        if entry is None or entry.is_alias:
            return set()
        return {str(one.step) for one in self.draft.text.entries(entry.node)}

    def _merged(self, use: InlineStore) -> Written | None:
        """Return the alias that a snippet is or merges, where that can stand in the backend as well."""
        text = self.draft.text
        entry = text.entry(use.path)
        if entry is not None and not entry.is_alias:
            entry = next((one for one in text.entries(entry.node) if one.step == MERGE), None)
        if entry is None or not entry.is_alias:
            return None
        anchor = entry.node.start_mark.index
        first = min(
            (found.start for key in TOP_LEVEL if (found := text.entry((key,))) is not None),
            default=len(text.text),
        )
        inside = [
            found
            for one in self.all_uses
            if (found := text.entry(one.path)) is not None and not found.is_alias
        ]
        if anchor > first or any(one.start <= anchor <= one.end for one in inside):
            return None
        own = self._own_keys(use)
        data = {name: item for name, item in use.snippet.items() if name not in own}
        return Written(data, text.text[entry.value : entry.end])

    def _complete(self) -> None:
        """Add what the new release needs and no inline store describes."""
        storage = self.draft.mapping("storage")
        if "metadata_store" not in self.draft.data and not storage:
            path = f"{OWN_FOLDER}/distributions/{self.draft.distribution}/kvstore.db"
            value: dict[str, object] = {"type": "kv_sqlite", "db_path": path}
            self.groups.insert(0, BackendGroup(Family.KV, "sqlite", value, [("metadata_store",)]))
            self.of["metadata_store",] = self.groups[0]
        if storage or any(group.family is Family.SQL for group in self.groups):
            return
        first = self.main(Family.KV)
        if first is not None and first.engine == "postgres":
            value = {"type": "sql_postgres"} | {
                name: item for name, item in _mapping(plain(first.value)).items() if name in LOGIN_FIELDS
            }
            self.groups.append(BackendGroup(Family.SQL, "postgres", value))
        else:
            path = (
                f"{self.draft.folder}/{_MERGED_FILES[Family.SQL]}"
                if first is None
                else self._beside(first, Family.SQL)
            )
            self.groups.append(BackendGroup(Family.SQL, "sqlite", {"type": "sql_sqlite", "db_path": path}))

    def _beside(self, group: BackendGroup, family: Family) -> str:
        """Return a file with upstream's name in the folder of a backend's file."""
        folder, separator, name = str(_mapping(plain(group.value)).get("db_path", "")).rpartition("/")
        if not separator or "}" in name or group.engine != "sqlite":
            folder = self.draft.folder
        return f"{folder}/{_MERGED_FILES[family]}"

    def main(self, family: Family) -> BackendGroup | None:
        """Return the group that gets the default name: that of the metadata or of the inference, or the first."""
        first = ("metadata_store",) if family is Family.KV else ("inference_store",)
        found = [group for group in self.groups if group.family is family]
        return next(
            (group for group in found if any(place[0] == first[0] for place in group.places)),
            found[0] if found else None,
        )

    def _merge(self) -> None:
        if self.draft.layout is not BackendLayout.MERGE or not all(group.is_new for group in self.groups):
            return
        for family in (Family.KV, Family.SQL):
            found = [group for group in self.groups if group.family is family]
            main = self.main(family)
            if main is None or len(found) < 2:
                continue
            if main.engine == "sqlite":
                written, path = main.value.get("db_path"), self._beside(main, family)
                main.value["db_path"] = (
                    replace(written, value=path, text=path) if isinstance(written, Written) else path
                )
            for group in found:
                if group is not main:
                    main.places += group.places
                    self.of |= dict.fromkeys(group.places, main)
                    self.groups.remove(group)

    def _name(self) -> None:
        existing = {str(name) for name in self.draft.mapping("storage", "backends")}
        taken = {*existing}
        for family in (Family.KV, Family.SQL):
            main = self.main(family)
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

    def carries_comments(self, store: InlineStore) -> bool:
        """Tell whether the comments inside of a store go to its backend with the settings."""
        group = self.of.get(store.path)
        return group is not None and group.is_new and bool(group.places) and group.places[0] == store.path

    def backend_for(self, family: Family) -> str:
        """Return the backend of what had no inline store."""
        if not all(group.is_new for group in self.groups):
            found = self.draft.backend_for(family)
            if found is not None:
                return found
        main = self.main(family)
        return f"{family}_default" if main is None else main.name

    def with_defaults(self, group: BackendGroup) -> dict[str, object]:
        """Return a backend as it is written: with the defaults of before where the new release has others."""
        if self.draft.after < changes.OGX or (self.draft.before >= changes.OGX and not group.is_new):
            return group.value
        missing = OLD_DEFAULTS.get(str(group.value["type"]), {})
        return group.value | {
            name: value for name, value in missing.items() if name not in _mapping(plain(group.value))
        }


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def _normal(value: Mapping[str, object], engine: str, family: Family) -> dict[str, str]:
    """Return connection settings for a comparison: defaults filled in, numbers as text."""
    whole = plain(value)
    fields = (*INLINE_FIELDS[engine], "type") if family is Family.KV else (*LOGIN_FIELDS, "db_path", "type")
    result = {
        str(name): str(item)
        for name, item in (whole.items() if isinstance(whole, Mapping) else ())
        if item is not None and name in fields
    }
    result.setdefault("host", "localhost")
    if engine in STANDARD_PORTS:
        result.setdefault("port", STANDARD_PORTS[engine])
    for name, default in OLD_DEFAULTS.get(f"{family}_{engine}", {}).items():
        result.setdefault(name, default)
    return result
