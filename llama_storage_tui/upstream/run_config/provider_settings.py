"""What the `config` of each provider takes, field by field.

Source: the config classes of every provider in the registries of llama-stack 0.3.0 to ogx 1.5.0, recorded in
`provider_settings.json`: API, provider types, field, type, whether it is required, and the releases. Fields that have a model of
their own, such as references to a backend, are not in it, and neither is what a class checks in code of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import DatedFromCatalog
from llama_storage_tui.upstream.run_config.problems import Problem, ProblemKind, problems_of

if TYPE_CHECKING:
    from pydantic_core import CoreSchema, SchemaValidator

_LIMIT: Final = re.compile(r"(>=|<=|>)(-?[\d.]+)")
_LIMITS: Final = {">=": "ge", "<=": "le", ">": "gt"}
_CORE: Final[Mapping[str, dict[str, Any]]] = {
    "str": {"type": "str"},
    "bool": {"type": "bool"},
    "int": {"type": "int"},
    "float": {"type": "float"},
    "url": {"type": "url", "max_length": 2083, "allowed_schemes": ["http", "https"]},
    "dict": {"type": "dict", "keys_schema": {"type": "str"}, "values_schema": {"type": "any"}},
}
"""In the words of pydantic's core; `url` as its HttpUrl."""
_PLAIN: Final = {str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


@dataclass(frozen=True, slots=True)
class _Field(DatedFromCatalog):
    """A field of a provider's config: its type in the words of the table, such as `int>=1|null`."""

    name: str
    word: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class _Needed(DatedFromCatalog):
    """A field that a class does not require, and without which its provider stops the start."""

    api: str
    type: str
    name: str


_NEEDED: Final = (
    _Needed("inference", "remote::vllm", "url", until=Version(0, 4)),
    _Needed("inference", "remote::vllm", "base_url", since=Version(0, 4)),
)


@cache
def _table() -> Mapping[tuple[str, str], tuple[_Field, ...]]:
    text = Path(__file__).with_suffix(".json").read_text("utf-8")
    table: dict[tuple[str, str], list[_Field]] = {}
    for api, types, name, word, is_required, since, until in json.loads(text):
        dates: dict[str, Version | None] = {"until": Version.parse(until) if until else None}
        if since:
            dates["since"] = Version.parse(since)
        field = _Field(name, word, is_required, **dates)
        for type_ in types.split():
            table.setdefault((api, type_), []).append(field)
    return {provider: tuple(fields) for provider, fields in table.items()}


def setting_problems(
    api: str, provider_type: str, config: Mapping[str, object], version: Version
) -> Iterator[Problem]:
    """Yield why a provider of that version would reject its config; a problem's `loc` starts at the config."""
    for field in _table().get((api, provider_type), ()):
        if not field.holds_for(version):
            continue
        if field.name in config:
            yield from _problems(config, field)
        elif field.is_required:
            yield Problem((field.name,), ProblemKind.MISSING, f"{field.name} is required.")
    for needed in _NEEDED:
        if (
            (needed.api, needed.type) == (api, provider_type)
            and needed.holds_for(version)
            and not config.get(needed.name)
        ):
            yield Problem((needed.name,), ProblemKind.MISSING, f"{needed.name} is required.")


def _problems(config: Mapping[str, object], field: _Field) -> Iterator[Problem]:
    value = config[field.name]
    if _PLAIN.get(type(value)) in field.word.split("|"):
        return  # It is written as the class has it.
    from pydantic_core import ValidationError

    try:
        _validator(field.word).validate_python(value)
    except ValidationError as error:
        errors = ({**found, "loc": (field.name, *found["loc"])} for found in error.errors(include_url=False))
        yield from problems_of(config, errors)


@cache
def _validator(word: str) -> SchemaValidator:
    from pydantic_core import SchemaValidator

    return SchemaValidator(_schema(word))


def _schema(word: str) -> CoreSchema:
    # Imported here: most fields are written as their class has them.
    from pydantic_core import core_schema

    parts = [each for each in word.split("|") if each != "null"]
    if not parts:
        return core_schema.none_schema()
    if len(parts) < len(word.split("|")):
        return core_schema.nullable_schema(_schema("|".join(parts)))
    if len(parts) > 1:
        return core_schema.union_schema([_schema(each) for each in parts])
    match word[0], word[1:]:
        case "[", rest:
            return core_schema.list_schema(_schema(rest[:-1]))
        case "{", rest:
            return core_schema.dict_schema(core_schema.str_schema(), _schema(rest[:-1]))
        case "=", rest:
            return core_schema.literal_schema([*rest.split(",")])
        case _:
            limits: dict[str, Any] = {_LIMITS[sign]: float(number) for sign, number in _LIMIT.findall(word)}
            return cast("CoreSchema", _CORE[_LIMIT.sub("", word)] | limits)
