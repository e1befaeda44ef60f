"""The file between two steps of its migration, and what the steps share: lookups, proposals, names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final

from llama_storage_tui.config.document import Path, get, mapping_at, provider_entries, show_path
from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.edit.operations import AddEntry, Operation, PutValue
from llama_storage_tui.config.edit.render import Written
from llama_storage_tui.config.environment import Environment, written_name
from llama_storage_tui.config.references import find_references
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.migration import api_after, type_after, was_shipped_before_catalog
from llama_storage_tui.upstream.providers import is_shipped_provider, provider_types, takes_providers
from llama_storage_tui.upstream.versions import RELEASES


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change: its place in the text as it is at that step, and the edits that make it.

    `lost` says what the new release has no place for, as a sentence; with no operations at all that is the whole proposal.
    """

    path: Path
    kind: str
    reason: str
    operations: tuple[Operation, ...] = ()
    lost: str | None = None

    @property
    def id(self) -> str:
        """What names the change, whenever the config is migrated."""
        return f"{self.kind}:{show_path(self.path)}"


@dataclass(frozen=True, slots=True)
class DraftProvider:
    """An entry of `providers`."""

    api: str
    index: int
    type: str
    id: str
    config: Mapping[object, object]
    entry: Mapping[object, object]

    @property
    def path(self) -> Path:
        """Where the entry is."""
        return ("providers", self.api, self.index)


@dataclass(frozen=True, slots=True)
class Draft:
    """The file at one step: `before` is the release that it was for, `after` the one that it becomes one for."""

    name: str
    text: TextLayout = field(repr=False)
    before: Version
    after: Version
    layout: BackendLayout
    environment: Environment = field(repr=False)
    keeps_folder: bool = False
    """Whether ogx leaves ~/.llama where it is."""

    @property
    def data(self) -> Mapping[str, object]:
        """The document as it is now, before expansion."""
        return self.text.data if isinstance(self.text.data, dict) else {}

    def get(self, *path: str | int) -> object:
        """Return what is at a path, None where nothing is."""
        return get(self.data, *path)

    def mapping(self, *path: str | int) -> Mapping[object, object]:
        """Return the mapping at a path, an empty one where there is none."""
        return mapping_at(self.data, *path)

    def crosses(self, version: Version) -> bool:
        """Tell whether a change that came with a release lies between the two releases."""
        return self.before < version <= self.after

    @property
    def target(self) -> str:
        """The new release, for sentences."""
        return f"{self.after.product} {self.after}"

    def providers(self) -> Iterator[DraftProvider]:
        """Yield the providers of the file."""
        for api, index, entry in provider_entries(self.data):
            type_, id_ = str(entry.get("provider_type")), written_name(str(entry.get("provider_id")))
            yield DraftProvider(api, index, type_, id_, mapping_at(entry, "config"), entry)

    def is_gone(self, provider: DraftProvider) -> bool:
        """Tell whether the new release has no such provider: none that is given from elsewhere is meant."""
        api = api_after(provider.api, self.after)
        if not takes_providers(api, self.after):
            return not self._has_other_apis(api)
        type_ = type_after(provider.api, provider.type, self.after)
        if is_shipped_provider(api, type_, self.after) or provider.entry.get("module") is not None:
            return False
        return type_ in provider_types(api) or was_shipped_before_catalog(provider.api, provider.type)

    def _has_other_apis(self, api: str) -> bool:
        known = any(takes_providers(api, release) for release in RELEASES) or api == "telemetry"
        return not known and self.get("external_apis_dir") is not None

    def keeps_provider(self, provider: DraftProvider) -> bool:
        """Tell whether a provider is in the new file."""
        return not self.is_gone(provider)

    @property
    def distribution(self) -> str:
        """The name of the distribution, for a path."""
        for key in ("distro_name", "image_name"):
            name = self.data.get(key)
            if isinstance(name, str) and re.fullmatch(r"[\w.-]+", name):
                return name
        return "distribution"

    @property
    def folder(self) -> str:
        """The folder of the distribution, as a path that the server expands."""
        base = (
            "~/.ogx"
            if self.after >= changes.OGX and not (self.crosses(changes.OGX) and self.keeps_folder)
            else "~/.llama"
        )
        return f"${{env.SQLITE_STORE_DIR:={base}/distributions/{self.distribution}}}"

    def put_at(self, path: Path, value: object) -> Operation:
        """Return what gives a path a value: in the place of what is there, else in a mapping above, with those between made new."""
        parent: Path = ()
        first, *rest = path
        while rest and isinstance(self.get(*parent, first), Mapping | list):
            parent, (first, *rest) = (*parent, first), rest
        for step in reversed(rest):
            value = {step: value}
        place = (*parent, first)
        if self.text.entry(place) is not None:
            return PutValue(place, value)
        return AddEntry(parent, str(first), value)

    def backend_of(self, *path: str | int) -> str | None:
        """Return the backend that the reference at a path names."""
        found = get(self.data, *path, "backend")
        return found if isinstance(found, str) else None

    def backend_for(self, family: Family) -> str | None:
        """Return the backend that new references of a family name."""
        return self.key_value_backend() if family is Family.KV else self.sql_backend()

    def key_value_backend(self) -> str | None:
        """Return the backend that new key-value references name: that of the metadata, the default's, or the first."""
        return self._backend("kv", self.backend_of("storage", "stores", "metadata"))

    def sql_backend(self) -> str | None:
        """Return the backend that new SQL references name: that of the conversations, of the inference, or the first."""
        return self._backend(
            "sql",
            self.backend_of("storage", "stores", "conversations"),
            self.backend_of("storage", "stores", "inference"),
        )

    def _backend(self, family: str, *preferred: str | None) -> str | None:
        found = [
            str(name)
            for name, entry in self.mapping("storage", "backends").items()
            if isinstance(entry, Mapping) and str(entry.get("type")).startswith(f"{family}_")
        ]
        if "storage" not in self.data or "backends" not in self.mapping("storage"):
            found = [f"{family}_default"] if self.after >= changes.STORAGE_OPTIONAL else []
        return next((name for name in (*preferred, f"{family}_default", *found) if name in found), None)


Step = Callable[[Draft], Iterable[Proposal]]

_NAME: Final = re.compile(r"[^a-z0-9]+")


def like_written(draft: Draft, path: Path, text: str) -> object:
    """Return a text as it is to be written in the place of another: in the same quotes."""
    entry = draft.text.entry(path)
    source = None if entry is None else draft.text.written(entry)
    if source is None or source[:1] not in ("'", '"'):
        return text
    if source[0] == '"' or not text.isprintable():
        return Written(text, json.dumps(text, ensure_ascii=not text.isprintable()))
    return Written(text, "'" + text.replace("'", "''") + "'")


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a name of lower-case letters, digits and underscores that nobody has."""
    used = set(taken)
    base = _NAME.sub("_", wanted.lower()).strip("_")
    if base not in used:
        return base
    return next(name for number in range(2, len(used) + 3) if (name := f"{base}_{number}") not in used)


def all_references(draft: Draft) -> Iterator[tuple[Path, Mapping[object, object]]]:
    """Yield every reference of the file."""
    for key in ("storage", "providers", "server"):
        top: Path = ("storage", "stores") if key == "storage" else (key,)
        for path, entry in find_references(get(draft.data, *top), top):
            if isinstance(entry["backend"], str):
                yield path, entry
