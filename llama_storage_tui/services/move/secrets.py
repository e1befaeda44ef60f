"""Passwords of a move that stand nowhere: which one has to be asked for, and the variable by which the config names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from llama_storage_tui.config.document import ConfigDocument
from llama_storage_tui.config.masking import is_secret_name
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.services.catalog import read_environment
from llama_storage_tui.services.move.entry import full_type, read_as_it_is, read_config
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.upstream import run_config

_PASSWORD: Final = "password"  # noqa: S105 - the name of a field
_INSTEAD: Final = (_PASSWORD, "connection_string")
"""One of these says how somebody logs in."""
_TYPED: Final = re.compile(r"\$\{env\.(\w+):=\}")


@dataclass(frozen=True, slots=True)
class AskedSecret:
    """A field whose value is typed and kept nowhere: the config gets an expression that reads `variable`."""

    field: str
    variable: str

    @property
    def expression(self) -> str:
        """What the config gets."""
        return f"${{env.{self.variable}:=}}"


def needed(load: LoadRequest, change: MoveChange) -> AskedSecret | None:
    """Return the password that a target needs and nobody gave; None where it has none. Raises what `edit_config` does."""
    document, _, catalog = read_as_it_is(load, read_config(load))
    backend = catalog.backend(change.backend)
    if backend is None or catalog.is_legacy:
        return None  # which planning says
    type_ = full_type(change.type, backend.family)
    known = {each.name for each in run_config.backend_fields(type_, catalog.version.chosen) or ()}
    kept = backend.settings if backend.type == type_ else ()
    given = {
        *change.fields,
        *(each.name for each in kept if each.value is not None and not each.is_default),
    }
    if _PASSWORD not in known or given.intersection(_INSTEAD):
        return None
    taken = {*load.environ, *(name for name in _names(document) if name)}
    return AskedSecret(
        _PASSWORD, _free(f"{re.sub(r'[^0-9A-Za-z]', '_', change.backend)}_{_PASSWORD}".upper(), taken)
    )


def with_secret(change: MoveChange, asked: AskedSecret) -> MoveChange:
    """Return a change whose config reads the variable."""
    return replace(change, fields={**change.fields, asked.field: asked.expression})


def with_values(load: LoadRequest, values: Mapping[str, str]) -> LoadRequest:
    """Return a request that knows what was typed, by variable: this process alone does."""
    return replace(load, typed={**load.typed, **values})


def unset(load: LoadRequest, fields: Mapping[str, str]) -> tuple[AskedSecret, ...]:
    """Return the secrets of a move that was begun whose variables are not set now."""
    environment = read_environment(load)
    found = ((name, _TYPED.fullmatch(text)) for name, text in fields.items() if is_secret_name(name))
    asked = [AskedSecret(name, match[1]) for name, match in found if match is not None]

    def is_set(name: str) -> bool:
        variable = environment.find(name)
        return variable is not None and bool(variable.value)

    return tuple(each for each in asked if not is_set(each.variable))


def _names(document: ConfigDocument) -> list[str]:
    return re.findall(r"\$\{env\.(\w+)", document.text)


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)
