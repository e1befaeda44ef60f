"""From the schema's tables to a validator of one version.

Pydantic's core does the checking because the servers do it with pydantic: its conversions ("5" is a whole number, "yes" is true)
are part of what they accept. The core is told the fields directly: classes of models, which nobody here would read, take ten times
as long to make.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import GenericAlias, NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import (
    REQUIRED,
    ByName,
    ByType,
    CheckedMapping,
    Either,
    Fact,
    FieldCheck,
    ListOf,
    Maybe,
    Shape,
)
from llama_storage_tui.upstream.run_config.stack import STACK


class _Values:
    """A validated mapping, as pydantic's core fills it in."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")
    __pydantic_fields_set__: set[str]


@cache
def stack_validator(version: Version) -> SchemaValidator:
    """Return the validator of a whole run config."""
    return shape_validator(STACK, version)


def shape_validator(shape: Shape, version: Version) -> SchemaValidator:
    """Return the validator of one shape; what it finds is a `pydantic_core.ValidationError`."""
    return SchemaValidator(Builder(version).schema(shape))


class Builder:
    """Describes the shapes of one version to pydantic's core, each once."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._schemas: dict[Shape, CoreSchema] = {}

    def schema(self, word: object) -> CoreSchema:
        """Return the schema of a Python type or of one of the words of `facts`."""
        match word:
            case Shape():
                if word not in self._schemas:
                    self._schemas[word] = self._shape(word)
                return self._schemas[word]
            case ListOf(item):
                return core_schema.list_schema(self.schema(item))
            case ByName(item):
                return core_schema.dict_schema(core_schema.str_schema(), self.schema(item))
            case Maybe(item):
                return core_schema.nullable_schema(self.schema(item))
            case Either(first, second):
                return core_schema.union_schema([self.schema(first), self.schema(second)])
            case CheckedMapping(item, check):
                return core_schema.no_info_after_validator_function(check, self.schema(item))
            case ByType(shapes):
                return self._by_type([shape for shape in shapes if shape.holds_for(self._version)])
            case _:
                return self._python_type(word)

    def _shape(self, shape: Shape) -> CoreSchema:
        fields = {
            fact.name: core_schema.model_field(self._field(fact)) for fact in shape.facts_in(self._version)
        }
        model = core_schema.model_schema(
            _Values, core_schema.model_fields_schema(fields, model_name=shape.name)
        )
        checks = [check for check in shape.checks if check.holds_for(self._version)]
        return core_schema.no_info_after_validator_function(_checking(checks), model) if checks else model

    def _field(self, fact: Fact) -> CoreSchema:
        schema = self.schema(fact.type)
        limits = {"ge": fact.at_least, "gt": fact.above, "le": fact.at_most}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if given:
            limited: Any = schema["schema"] if schema["type"] == "nullable" else schema
            limited.update(given)
        if fact.default is REQUIRED:
            return schema
        return core_schema.with_default_schema(schema, default=fact.default)

    def _by_type(self, shapes: list[Shape]) -> CoreSchema:
        tags = {
            tag: self.schema(shape)
            for shape in shapes
            for fact in shape.facts_in(self._version)
            if fact.name == "type"
            for tag in get_args(fact.type)
        }
        return core_schema.tagged_union_schema(tags, discriminator="type")

    def _python_type(self, type_: object) -> CoreSchema:
        arguments = get_args(type_)
        if isinstance(type_, UnionType):
            some = [self.schema(each) for each in arguments if each is not NoneType]
            one = some[0] if len(some) == 1 else core_schema.union_schema([*some])
            return core_schema.nullable_schema(one) if NoneType in arguments else one
        if get_origin(type_) is Literal:
            return core_schema.literal_schema([*arguments])
        if isinstance(type_, GenericAlias) and type_.__origin__ is dict:
            return core_schema.dict_schema(*(self.schema(each) for each in arguments))
        if isinstance(type_, GenericAlias) and type_.__origin__ is list:
            return core_schema.list_schema(self.schema(arguments[0]))
        return _PLAIN[type_]()


def _path_schema() -> CoreSchema:
    return core_schema.custom_error_schema(
        core_schema.no_info_after_validator_function(Path, core_schema.str_schema()),
        "path_type",
        custom_error_message="Input is not a valid path",
    )


_PLAIN: dict[object, Callable[[], CoreSchema]] = {
    str: core_schema.str_schema,
    int: core_schema.int_schema,
    float: core_schema.float_schema,
    bool: core_schema.bool_schema,
    Any: core_schema.any_schema,
    Path: _path_schema,
}


def _checking(checks: list[FieldCheck]) -> Callable[[_Values], _Values]:
    def run_checks(values: _Values) -> _Values:
        for check in checks:
            check.function(values.__dict__, values.__pydantic_fields_set__)
        return values

    return run_checks
