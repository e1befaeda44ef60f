"""From the schema's tables to the pydantic models of one version.

Pydantic does the checking because the servers do it with pydantic: its conversions ("5" is a whole number, "yes" is true) are
part of what they accept.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_validator

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


class _Base(BaseModel):
    # Only the outermost model is ever asked to validate: building the others' own validators would double the time.
    model_config = ConfigDict(hide_input_in_errors=True, defer_build=True, protected_namespaces=())


class Builder:
    """Builds the models of one version, each shape once."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._models: dict[Shape, type[BaseModel]] = {}

    def model(self, shape: Shape) -> type[BaseModel]:
        """Return the model of a shape."""
        if shape not in self._models:
            self._models[shape] = self._build(shape)
        return self._models[shape]

    def _build(self, shape: Shape) -> type[BaseModel]:
        fields: dict[str, Any] = {
            fact.name: (self._annotation(fact.type), _field(fact)) for fact in shape.facts_in(self._version)
        }
        checks = [check for check in shape.checks if check.holds_for(self._version)]
        validators: dict[str, Any] = {"run_checks": _validator(checks)} if checks else {}
        model: type[BaseModel] = create_model(shape.name, __base__=_Base, __validators__=validators, **fields)
        return model

    def _annotation(self, word: object) -> Any:  # noqa: ANN401 - an annotation is any object
        match word:
            case Shape():
                return self.model(word)
            case ListOf(item):
                return GenericAlias(list, (self._annotation(item),))
            case ByName(item):
                return GenericAlias(dict, (str, self._annotation(item)))
            case Maybe(item):
                return self._annotation(item) | None
            case Either(first, second):
                return self._annotation(first) | self._annotation(second)
            case CheckedMapping(item, check):
                return Annotated[self._annotation(item), AfterValidator(check)]
            case ByType(shapes):
                models = [self.model(shape) for shape in shapes if shape.holds_for(self._version)]
                return Annotated[reduce(or_, models), Field(discriminator="type")]
            case _:
                return word


@cache
def stack_model(version: Version) -> type[BaseModel]:
    """Return the model of a whole run config."""
    return Builder(version).model(STACK)


def _field(fact: Fact) -> Any:  # noqa: ANN401 - pydantic types Field by its default
    default: Any = ... if fact.default is REQUIRED else fact.default
    limits: dict[str, Any] = {"ge": fact.at_least, "gt": fact.above, "le": fact.at_most}
    return Field(default, **{name: limit for name, limit in limits.items() if limit is not None})


def _validator(checks: list[FieldCheck]) -> object:
    def run_checks(model: BaseModel) -> BaseModel:
        for check in checks:
            check.function(model.__dict__, model.model_fields_set)
        return model

    return model_validator(mode="after")(run_checks)
