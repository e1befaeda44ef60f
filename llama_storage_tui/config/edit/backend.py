"""The entry of one backend with another type and other fields: the one edit of a config whose backend moved."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

import yaml

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.edit.operations import AddEntry, DropEntry, Operation, PutValue, is_same
from llama_storage_tui.config.edit.structure import edit_structure
from llama_storage_tui.errors import RefusedError

BACKENDS: Final = ("storage", "backends")


_CONNECTION_FIELDS: Final = frozenset(
    {"host", "port", "db", "user", "password", "connection_string", "ssl_mode", "ca_cert_path", "table_name"}
)
"""Where a server is and who logs in there: several types have fields of these names, each for a server of its own engine."""


def with_backend(
    text: str, name: str, backend: str, type_: str, fields: Mapping[str, str], known: Container[str]
) -> str:
    """Return the text of a config whose `backend` has another type, with `fields` as YAML scalars.

    `known` are the fields of the new type: others go, and so do those that say where a server of another engine is and who logs in
    there. Every byte outside of what changes stays. Raises RefusedError where the entry is written in a way that
    cannot be changed in place.
    """
    layout = TextLayout(text, name)
    path: Path = (*BACKENDS, backend)
    entry = get(layout.data, *path)
    if not isinstance(entry, Mapping):
        raise RefusedError(f"{name} has no entry of its own for {backend}", where=".".join(map(str, path)))
    is_other = entry.get("type") != type_
    wanted: dict[str, object] = {"type": type_} | {key: field_value(each) for key, each in fields.items()}
    operations: list[Operation] = [
        DropEntry((*path, key))
        for key in entry
        if is_other and key not in wanted and (key not in known or key in _CONNECTION_FIELDS)
    ]
    for key, value in wanted.items():
        if key not in entry:
            operations.append(AddEntry(path, key, value))
        elif not is_same(entry[key], value):
            operations.append(PutValue((*path, key), value))
    return edit_structure(layout, name, operations)[0].text if operations else text


def field_value(text: str) -> object:
    """Return what a field's text means in YAML: a number, a truth value or a text. What is no scalar is a text."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
