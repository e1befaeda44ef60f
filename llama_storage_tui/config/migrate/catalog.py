"""Inline stores of 0.2 as a catalog: the backends that they describe, and references to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from llama_storage_tui.config.document import Path
from llama_storage_tui.config.edit.operations import AddEntry, DropEntry, Operation, PutValue, RenameKey
from llama_storage_tui.config.edit.render import Above, Written
from llama_storage_tui.config.edit.structure import written_at
from llama_storage_tui.config.legacy import TOP_LEVEL, snippets
from llama_storage_tui.config.migrate.draft import Draft, DraftProvider, Proposal, free_name
from llama_storage_tui.config.migrate.inline_stores import (
    OWN_FOLDER,
    InlineStore,
    InlineStores,
    inline_stores,
)
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.migration import (
    STORE_NAMES,
    TABLES_BEFORE,
    api_after,
    reference_name,
)
from llama_storage_tui.upstream.run_config.stores import default_stores

_QUEUE = ("max_write_queue_size", "num_writers")


def is_inline(draft: Draft) -> bool:
    """Tell whether the file has inline stores that its release reads."""
    return draft.before < changes.STORAGE_OPTIONAL and any(True for _ in snippets(draft.data))


def make_catalog(draft: Draft) -> Iterator[Proposal]:
    """Turn inline stores into `storage`, and each place that had one into a reference."""
    if draft.after < changes.CATALOG:
        return
    has_storage = isinstance(draft.data.get("storage"), Mapping)
    uses = [*inline_stores(draft)]
    if draft.before >= changes.STORAGE_OPTIONAL and not has_storage:
        yield from _ignored(draft, uses)
        return
    if draft.before >= changes.CATALOG and not uses:
        return
    yield from _Catalog(draft, uses).proposals()


def _ignored(draft: Draft, uses: Iterable[InlineStore]) -> Iterator[Proposal]:
    places: list[Path] = [(key,) for key in TOP_LEVEL if key in draft.data]
    places += [use.path for use in uses if use.provider is not None]
    for path in places:
        reason = f"{draft.before.product} {draft.before} ignores {path[-1]}, which belongs to 0.2"
        yield Proposal(path, "removed-key", reason, (DropEntry(path),), lost=reason)


class _Catalog(InlineStores):
    """The new `storage` of a file, and the references to it."""

    # The new file

    def proposals(self) -> Iterator[Proposal]:
        """Yield the change of each place, then that of `storage`."""
        has_storage = isinstance(self.draft.data.get("storage"), Mapping)
        by_provider: dict[Path, list[InlineStore]] = {}
        for use in self.all_uses:
            if use.provider is not None and (use in self.uses or self.is_of_agents(use)):
                by_provider.setdefault(use.provider.path, []).append(use)
            elif use.path[0] == "server" and use in self.uses:
                yield self._quota(use)
        for found in by_provider.values():
            yield from self._provider(found)
        if has_storage:
            yield from self._into_storage()
        else:
            yield self._storage()

    def _namespace(self, wanted: str, backend: str, provider: str = "") -> str:
        name = wanted
        if provider and (backend, name) in self.namespaces:
            name = f"{wanted}_{provider}"
        self.namespaces.add((backend, name))
        return name

    def _reference(self, use: InlineStore, family: Family, name: str) -> dict[str, object]:
        group = self.of.get(use.path)
        backend = group.name if group is not None else self.backend_for(family)
        if family is Family.SQL:
            return {"table_name": name, "backend": backend}
        inline = use.snippet.get("namespace")
        if isinstance(inline, str) and inline:
            self.namespaces.add((backend, inline))
            written = written_at(self.draft.text, (*use.path, "namespace"))
            if isinstance(written, Written) and not self.carries_comments(use):
                written = replace(written, comment="", above=())
            return {"namespace": written, "backend": backend}
        name = self._namespace(name, backend, use.provider.id if use.provider else "")
        return {"namespace": name, "backend": backend}

    def _provider(self, uses: list[InlineStore]) -> Iterator[Proposal]:
        provider = uses[0].provider
        assert provider is not None, "grouped by provider"  # noqa: S101 - a programming error
        if api_after(provider.api, changes.AGENTS_RENAMED) == "responses":
            keys = [key for key in ("persistence_store", "responses_store") if key in provider.config]
            if keys:
                yield self._agents(provider, uses, keys)
            return
        for use in uses:
            target = self.target(use)
            assert target is not None, "places without a target are left out"  # noqa: S101 - a programming error
            path, family = target
            name = reference_name(provider.api, provider.type, str(path[-1]))
            operations: list[Operation] = [self._put(use, self._reference(use, family, name))]
            if path != use.path[4:]:
                operations.append(RenameKey(use.path, str(path[0])))
            yield Proposal(
                use.path,
                "reference",
                f"From 0.3 on a provider refers to a backend of storage.backends; {self.draft.target} reads "
                f"{'.'.join(map(str, path))}",
                tuple(operations),
            )

    def _agents(self, provider: DraftProvider, uses: list[InlineStore], keys: list[str]) -> Proposal:
        draft = self.draft
        value: dict[str, object] = {}
        lost = None
        for use in uses:
            if use.path[-1] == "persistence_store" and use in self.uses:
                value["agent_state"] = self._reference(use, Family.KV, "agents")
        responses = next((use for use in uses if use.path[-1] == "responses_store"), None)
        table = "responses"
        if (
            responses is not None
            and draft.layout is BackendLayout.KEEP
            and draft.after >= changes.RESPONSES_TABLE_COUNTS
        ):
            table = TABLES_BEFORE["responses"]
        if responses is not None:
            value["responses"] = self._with_comments(responses, self._reference(responses, Family.SQL, table))
        else:
            value["responses"] = {"table_name": "responses", "backend": self.backend_for(Family.SQL)}
        if "persistence_store" in keys and "agent_state" not in value:
            lost = f"{draft.target} keeps no state of agents: sessions and turns of the Agents API stay in the old store"
        first: Path = (*provider.path, "config", keys[0])
        operations: list[Operation] = [
            RenameKey(first, "persistence"),
            PutValue(
                first,
                value,
                keeps_comments=not any(self.carries_comments(use) for use in uses if use.path == first),
            ),
            *(DropEntry((*provider.path, "config", key)) for key in keys[1:]),
        ]
        reason = "From 0.3 on the provider has its stores in persistence, as references to backends"
        return Proposal(first, "reference", reason, tuple(operations), lost)

    def _put(self, use: InlineStore, reference: dict[str, object]) -> PutValue:
        """Put a reference in the place of a store; the comments inside of that went with its settings, or stay here."""
        return PutValue(use.path, reference, keeps_comments=not self.carries_comments(use))

    def _with_comments(self, use: InlineStore, reference: dict[str, object]) -> object:
        """Return the reference of a store whose own entry goes, with the comments of that above it."""
        entry = self.draft.text.entry(use.path)
        is_first = use.provider is not None and next(iter(use.provider.config), None) == use.path[-1]
        if entry is None or is_first or not self.draft.text.begins_line(entry):
            return reference
        comments = self.draft.text.comments_of(entry, with_inside=not self.carries_comments(use))
        return Above(reference, comments) if comments else reference

    def _quota(self, use: InlineStore) -> Proposal:
        reference = self._reference(use, Family.KV, "quota")
        reason = "From 0.3 on the quota refers to a backend of storage.backends"
        return Proposal(use.path, "reference", reason, (self._put(use, reference),))

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
            backend = self.backend_for(family)
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
        comments: tuple[str, ...] = ()
        if entry is not None and key != "metadata_store":
            is_carried = self.carries_comments(use)
            comments = draft.text.comments_of(entry, with_inside=not is_carried)
            wrapped = draft.text.entry(use.path) if is_carried and len(use.path) > 1 else None
            comments += () if wrapped is None else draft.text.comments_of(wrapped, with_inside=False)
        return Above(value, comments) if comments else value

    def _storage(self) -> Proposal:
        draft = self.draft
        backends: dict[str, object] = {group.name: self.with_defaults(group) for group in self.groups}
        prompts = self._prompts_file()
        if prompts is not None:
            backends |= prompts
        stores = self._stores()
        if prompts is not None:
            stores["prompts"] = {"namespace": STORE_NAMES["prompts"], "backend": next(iter(prompts))}
        value = {"backends": backends, "stores": stores}
        merged = (
            " Equal connection settings are one backend."
            if any(len(one.places) > 1 for one in self.groups)
            else ""
        )
        reason = (
            f"From 0.3 on backends are defined once, in storage.backends, and stores refer to them.{merged}"
        )
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
        path = f"{OWN_FOLDER}/distributions/{draft.distribution}/prompts.db"
        return {
            free_name("kv_prompts", (group.name for group in self.groups)): {
                "type": "kv_sqlite",
                "db_path": path,
            }
        }

    def _into_storage(self) -> Iterator[Proposal]:
        """Add what a half-migrated file lacks: its `storage` counts where both say something."""
        draft = self.draft
        operations: list[Operation] = []
        has_backends = isinstance(draft.get("storage", "backends"), Mapping)
        new = {group.name: self.with_defaults(group) for group in self.groups if group.is_new}
        if has_backends:
            operations += [AddEntry(("storage", "backends"), name, value) for name, value in new.items()]
        elif new:
            operations.append(AddEntry(("storage",), "backends", new))
        stores = {
            name: self._store(name, Family.KV if name == "metadata" else Family.SQL)
            for name in ("metadata", "inference", "conversations")
            if f"{name}_store" in draft.data and draft.get("storage", "stores", name) is None
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
                if draft.get("storage", "stores", name) is not None:
                    lost = f"storage.stores.{name} is used, and {key} is ignored beside it: its rows stay where they are"
                yield Proposal((key,), "removed-key", f"{key} belongs to 0.2", (DropEntry((key,)),), lost)
