"""What the `config` of each provider takes, field by field.

Source: the config classes of every provider in the registries of llama-stack 0.3.0 to ogx 1.5.0, recorded in
`provider_settings.json`: API, provider types, field, type, whether it is required, and the releases. Fields that have a model of
their own, such as references to a backend, are not in it, and neither is what a class checks in code of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import DatedFromCatalog
from llama_storage_tui.upstream.run_config.problems import Problem, ProblemKind, problems_of

_LIMIT: Final = re.compile(r"(>=|<=|>)(-?[\d.]+)")
_LIMITS: Final = {">=": "ge", "<=": "le", ">": "gt"}
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
        # What is written as the class has it needs no pydantic, which costs more than all else that is done with a config.
        return
    from pydantic import ValidationError

    try:
        _adapter(field.word).validate_python(value)
    except ValidationError as error:
        errors = ({**found, "loc": (field.name, *found["loc"])} for found in error.errors(include_url=False))
        yield from problems_of(config, errors)


@cache
def _adapter(word: str) -> Any:  # noqa: ANN401 - an adapter of any type
    from pydantic import TypeAdapter

    return TypeAdapter(_annotation(word))


def _annotation(word: str) -> Any:  # noqa: ANN401 - an annotation is any object
    from pydantic import Field, HttpUrl

    if "|" in word:
        first, _, rest = word.partition("|")
        return _annotation(first) | _annotation(rest)
    if word.startswith("["):
        return list[_annotation(word[1:-1])]  # type: ignore[misc]
    if word.startswith("{"):
        return dict[str, _annotation(word[1:-1])]  # type: ignore[misc]
    if word.startswith("="):
        return Literal[tuple(word[1:].split(","))]
    limits: dict[str, Any] = {_LIMITS[sign]: float(number) for sign, number in _LIMIT.findall(word)}
    types: dict[str, Any] = {
        "str": str,
        "int": int,
        "float": float,
        "bool": bool,
        "null": None,
        "url": HttpUrl,
        "dict": dict[str, Any],
    }
    plain = types[_LIMIT.sub("", word)]
    return Annotated[plain, Field(**limits)] if limits else plain
