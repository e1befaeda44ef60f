"""What a config says, without how it says it: values by their path, so that two files can be compared by meaning.

The order of keys, providers and APIs does not count, nor comments, anchors, quotes, a default that is written out, an expression in
place of its value, the form of a path or of a host's name. Lists of mappings are told apart by the ids in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.masking import is_secret_name, mask_expression, mask_userinfo
from llama_storage_tui.model.catalog import Backend, Catalog, ReferenceKind
from llama_storage_tui.secrets import MASK, Redactor, Secret
from llama_storage_tui.services.fleet.member import Meaning

_NAMES: Final = ("image_name", "distro_name")
"""What tells deployments apart by design."""
_IDS: Final = (
    *("provider_id", "model_id", "vector_store_id", "shield_id", "toolgroup_id", "dataset_id"),
    *("benchmark_id", "scoring_fn_id", "connector_id", "identifier", "name"),
)
_UNORDERED: Final = frozenset({"apis"})
_OF_CONNECTION: Final = frozenset({"host", "port", "db", "user", "password", "connection_string"})
"""What a backend of PostgreSQL can say in fields or in one URI."""


def meanings(context: Context, catalog: Catalog) -> dict[str, Meaning]:
    """Return what a config says, by paths in which a list's entry goes by its id. Empty values are left out, as if not written."""
    redact = Redactor((*catalog.secrets, *context.secrets))
    found: dict[str, Meaning] = {}
    for path, value, is_secret in (*_of_document(context), *_of_storage(catalog)):
        text = _text(value)
        if text is not None:
            shown = mask_expression(text) if isinstance(value, _Written) else mask_userinfo(text)
            if not path.endswith(("type", "backend")):  # words of the format, and names
                shown = redact(shown)
            masked = MASK if is_secret and not isinstance(value, _Written) else shown
            found[mask_userinfo(path)] = Meaning(Secret(text), masked)
    return found


class _Written(str):
    """The text in the file, where a variable in it is not set here: such values are compared as they are written."""

    __slots__ = ()


def _text(value: object) -> str | None:
    """Return a value as text that is equal where a server reads the same; None where it says nothing."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) or "null" for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(each) or 'null'}" for key, each in sorted(value.items())) + "}"
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text


Said = tuple[str, object, bool]
"""A path, a value, and whether that is secret by its name."""


def _of_document(context: Context) -> Iterator[Said]:
    data = context.data
    for key, value in data.items():
        if key in _NAMES:
            continue
        if key == "storage" and isinstance(value, Mapping):
            value = {name: each for name, each in value.items() if name not in ("backends", "stores")}  # noqa: PLW2901 - what is left
        yield from _walk(context, (str(key),), str(key), value, is_secret=False)


def _walk(context: Context, path: Path, shown: str, value: object, *, is_secret: bool) -> Iterator[Said]:
    name = path[-1] if isinstance(path[-1], str) else ""
    is_secret = is_secret or is_secret_name(name)
    if value is UNKNOWN:
        written = get(context.document.data, *context.resolution.file_path(path))
        yield shown, _Written(written) if isinstance(written, str) else None, is_secret
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _walk(context, (*path, str(key)), f"{shown}.{key}", each, is_secret=is_secret)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            place = f"{shown}[{_id(value, item, index)}]"
            yield from _walk(context, (*path, index), place, item, is_secret=is_secret)
    elif isinstance(value, list) and name in _UNORDERED:
        yield shown, sorted(map(str, value)), is_secret
    else:
        yield shown, value, is_secret


def _id(items: list[object], item: object, index: int) -> str:
    """Name an entry of a list by its id, by its number where it has none of its own."""
    for field in _IDS:
        found = get(item, field)
        if isinstance(found, str | int) and sum(get(each, field) == found for each in items) == 1:
            return str(found)
    return str(index)


def _of_storage(catalog: Catalog) -> Iterator[Said]:
    if catalog.is_legacy:
        return
    for backend in catalog.backends:
        yield from _of_backend(backend)
    for reference in catalog.references:
        if reference.kind is not ReferenceKind.STORE or not reference.is_enabled:
            continue
        yield f"{reference.path}.backend", reference.backend, False
        yield f"{reference.path}.namespace", reference.namespace, False
        yield f"{reference.path}.table_name", reference.table, False
        for name, value in reference.queue:
            yield f"{reference.path}.{name}", value, False


def _of_backend(backend: Backend) -> Iterator[Said]:
    path = f"storage.backends.{backend.name}"
    yield f"{path}.type", backend.type, False
    target = backend.target
    left_out: frozenset[str] = frozenset()
    if isinstance(target, PostgresTarget):
        left_out = _OF_CONNECTION
        yield f"{path}.host", target.host.lower().rstrip("."), False
        yield f"{path}.port", target.port, False
        yield f"{path}.db", target.database, False
        yield f"{path}.user", target.user, False
        yield f"{path}.password", target.password, True
    elif isinstance(target, SqliteTarget):
        left_out = frozenset({"db_path"})
        yield f"{path}.db_path", target.location, False
    for setting in backend.settings:
        if setting.name in left_out or setting.name == "type":
            continue
        is_secret = isinstance(setting.value, Secret)
        yield (
            f"{path}.{setting.name}",
            setting.value if setting.is_resolved else setting.expression,
            is_secret,
        )
