"""The config of a move before and after: read, edited in its one entry, and both judged. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from difflib import unified_diff
from typing import Final

from llama_storage_tui.backends.registry import writable_types
from llama_storage_tui.config.document import ConfigDocument, encoded
from llama_storage_tui.config.edit.backend import with_backend
from llama_storage_tui.config.edit.embed import embed
from llama_storage_tui.config.edit.masked import masked_text
from llama_storage_tui.config.environment import EXPRESSION, Environment
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import read_document, read_file
from llama_storage_tui.config.masking import is_secret_name, secrets_in_userinfo
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.catalog import Backend, Catalog, Family
from llama_storage_tui.model.finding import Severity, Stage
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.catalog import read_environment
from llama_storage_tui.services.config_writing import config_file
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.upstream import run_config
from llama_storage_tui.upstream.run_config import FieldInfo
from llama_storage_tui.upstream.versions import newest

_VARIABLE: Final = re.compile(r"\$\{env\.\w+(:=)?\}")
_SHORTEST_SECRET: Final = 4
_NAME_IT: Final = "Set a variable, and name it: ${env.NAME}."


@dataclass(frozen=True, slots=True)
class MovingConfig:
    """A config before and after its backend moves: whole files, and what each says."""

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    old: Catalog
    new: Catalog
    diff: str


def read_config(load: LoadRequest) -> bytes:
    """Return the config's file; raises UsageError for stdin, ConfigError."""
    return read_file(config_file(load))


def edit_config(load: LoadRequest, content: bytes, change: MoveChange) -> MovingConfig:
    """Return a config and what it becomes; raises UsageError for what was asked, RefusedError where it cannot be written."""
    document, _, old = read_as_it_is(load, content)
    backend = _backend(old, change)
    version = old.version.chosen
    type_ = full_type(change.type, backend.family)
    _refuse_secrets(change.fields)
    known = {each.name for each in run_config.backend_fields(type_, version) or ()}
    for name in change.fields:
        if name not in known:
            raise UsageError(f"{type_} has no field {name}", help=f"It has: {', '.join(sorted(known))}.")
    text = with_backend(document.text, document.name, change.backend, type_, change.fields, known)
    if text == document.text:
        raise UsageError(
            f"{change.backend} is {type_} with these fields already",
            help="Give at least one field another value.",
        )
    after = encoded(embed(document, text), like=content)
    moving = read_both(load, content, after)
    _refuse_new_secrets(change, moving)
    _refuse_errors(moving)
    return moving


def read_both(load: LoadRequest, before: bytes, after: bytes) -> MovingConfig:
    """Return what two files of a config say, both as the version that the first is for."""
    document, environment, old = read_as_it_is(load, before)
    other = read_document(after, load.config, key=load.key)
    new = load_catalog(other, environment, version=old.version.chosen, path_map=load.path_map)
    for catalog in (old, new):
        learn_secrets(catalog.secrets)
    return MovingConfig(before, after, old, new, _diff([document, other], {*old.secrets, *new.secrets}))


def full_type(type_: str, family: Family) -> str:
    """Return a backend type by its whole name, or by that of its engine: `postgres` of a SQL backend is `sql_postgres`."""
    prefix = f"{family.value}_"
    named = type_ if type_.startswith(("kv_", "sql_")) else prefix + type_
    if not named.startswith(prefix):
        raise UsageError(f"A backend of {family.value} keeps its family: it cannot become {type_}")
    if named not in TYPES:
        raise UsageError(
            f"A backend cannot be moved to {type_}",
            help="It can to: " + ", ".join(each for each in TYPES if each.startswith(prefix)) + ".",
        )
    return named


TYPES: Final = tuple(sorted(writable_types()))
"""What a backend can become."""

_OF_REFERENCES = "namespace"
"""A field of a backend that every reference overrides: nobody moves a backend for it."""


def move_targets(backend: Backend, version: Version) -> dict[str, tuple[FieldInfo, ...]]:
    """Return the types that a backend can become with the fields of each; none where its family is unknown."""
    if backend.family is Family.UNKNOWN:
        return {}
    found = {}
    for type_ in TYPES:
        fields = run_config.backend_fields(type_, version)
        if type_.startswith(f"{backend.family.value}_") and fields is not None:
            found[type_] = tuple(each for each in fields if each.name != _OF_REFERENCES)
    return found


def read_as_it_is(load: LoadRequest, content: bytes) -> tuple[ConfigDocument, Environment, Catalog]:
    """Return a config's document, the variables for it, and its catalog for the version that was asked for."""
    document, environment = read_document(content, load.config, key=load.key), read_environment(load)
    version = newest(load.version) if load.version else None
    return document, environment, load_catalog(document, environment, version=version, path_map=load.path_map)


def _backend(catalog: Catalog, change: MoveChange) -> Backend:
    if catalog.is_legacy:
        raise RefusedError(
            f"{catalog.config} has inline stores and no backends that could be moved", where=catalog.config
        )
    found = catalog.backend(change.backend)
    if found is None or found.family is Family.UNKNOWN:
        names = ", ".join(each.name for each in catalog.backends) or "none"
        raise UsageError(f"{catalog.config} has no backend {change.backend!r}", help=f"It has: {names}.")
    return found


def _refuse_secrets(fields: Mapping[str, str]) -> None:
    for name, text in fields.items():
        if is_secret_name(name) and not _VARIABLE.fullmatch(text):
            raise UsageError(
                f"{name} is a secret: its value is not accepted here and not written into the config",
                help=_NAME_IT,
            )
        # What a variable gives is not written; what it defaults to is.
        if any(secrets_in_userinfo(EXPRESSION.sub(lambda found: found[3] or "", text))):
            raise _holds_secret(name)


def _refuse_new_secrets(change: MoveChange, moving: MovingConfig) -> None:
    """Refuse a password inside of another field: in a host, or in a connection string."""
    known = set(moving.old.secrets)
    for name, text in change.fields.items():
        for secret in set(moving.new.secrets) - known:
            value = secret.reveal()
            if len(value) >= _SHORTEST_SECRET and value in text:
                raise _holds_secret(name)


def _holds_secret(name: str) -> UsageError:
    return UsageError(
        f"{name} holds a secret: its value is not accepted here and not written into the config",
        help=_NAME_IT,
    )


def _refuse_errors(moving: MovingConfig) -> None:
    """Refuse what a server would not load or start with, where it did before."""
    before = {(each.rule, each.where) for each in moving.old.findings}
    for each in moving.new.findings:
        is_new = (each.rule, each.where) not in before
        if is_new and each.severity is Severity.ERROR and each.stage is not Stage.NEVER:
            raise RefusedError(each.message, where=each.where, help=each.help)


def _diff(documents: Sequence[ConfigDocument], known: Collection[Secret]) -> str:
    texts = (masked_text(each.text, each.name, known) for each in documents)
    old, new = (each.replace("\r\n", "\n").split("\n") for each in texts)
    name = documents[0].name
    return "\n".join(unified_diff(old, new, name, f"{name} (moved)", lineterm=""))
