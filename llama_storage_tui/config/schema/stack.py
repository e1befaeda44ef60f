"""The run config's top level."""

from __future__ import annotations

from typing import Any, Final

from llama_storage_tui.config.schema.facts import ByName, Fact, ListOf, Maybe, Shape
from llama_storage_tui.config.schema.stores import STORAGE
from llama_storage_tui.model.version import Version

_OPTIONAL_STORAGE: Final = Version(0, 4, 0)

PROVIDER: Final = Shape(
    "Provider",
    (
        Fact("provider_id", Maybe(str)),
        Fact("provider_type", str),
        Fact("config", dict[str, Any], {}),
        Fact("module", Maybe(str), None),
    ),
)

STACK: Final = Shape(
    "Stack",
    (
        Fact("providers", ByName(ListOf(PROVIDER))),
        Fact("storage", STORAGE, until=_OPTIONAL_STORAGE),
        Fact("storage", STORAGE, {}, since=_OPTIONAL_STORAGE),
    ),
)
