"""The run config's top level, and the providers.

Source: `core/datatypes.py`, `core/server/server.py`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import (
    ByName,
    CheckedMapping,
    Fact,
    FieldCheck,
    ListOf,
    Maybe,
    Values,
    broken,
    shape,
)
from llama_storage_tui.upstream.run_config.problems import ProblemKind
from llama_storage_tui.upstream.run_config.resources import CONNECTOR, RESOURCES
from llama_storage_tui.upstream.run_config.rewrites import RESOLVED_COPY
from llama_storage_tui.upstream.run_config.server import SERVER
from llama_storage_tui.upstream.run_config.stores import STORAGE
from llama_storage_tui.upstream.run_config.vectors import VECTOR_STORES

_OPTIONAL_STORAGE: Final = Version(0, 4, 0)
_DISTRO_NAME: Final = Version(0, 5, 0)
_WITHOUT_SAFETY: Final = Version(1, 0, 0)
_NULL_APIS: Final = Version(1, 5, 0)


def _check_name(value: object) -> object:
    if value is None:
        raise broken(ProblemKind.WRONG_TYPE, "Must be a name, but is null.")
    return value


def _check_distribution(values: Values, _given: AbstractSet[str]) -> None:
    if values["distro_name"] is None and values["image_name"] is None:
        message = "Either distro_name or image_name must be given."
        raise broken(ProblemKind.MISSING, message, field="distro_name")


_PROVIDER: Final = shape(
    "Provider",
    Fact("provider_id", Maybe(str)),
    Fact("provider_type", str),
    Fact("config", dict[str, Any], {}),
    Fact("module", Maybe(str), None),
)

_LOGGING: Final = shape("Logging", Fact("category_levels", dict[str, str], {}))

_TELEMETRY: Final = shape("Telemetry", Fact("enabled", bool, default=False))

_SAFETY: Final = shape("Safety", Fact("default_shield_id", Maybe(str), None))

STACK: Final = shape(
    "Stack",
    Fact("version", int, 2),
    # The loader turns any value but null into text: image_name until 0.4, distro_name from 0.5.
    Fact("image_name", CheckedMapping(Any, _check_name), until=_DISTRO_NAME),
    Fact("distro_name", Any, None, since=_DISTRO_NAME),
    Fact("image_name", Maybe(str), None, since=_DISTRO_NAME),
    Fact("container_image", Maybe(str), None),
    Fact("apis", ListOf(str), (), until=_NULL_APIS),
    Fact("apis", Maybe(ListOf(str)), None, since=_NULL_APIS),
    Fact("providers", ByName(ListOf(_PROVIDER))),
    Fact("storage", STORAGE, until=_OPTIONAL_STORAGE),
    Fact("storage", STORAGE, None, since=_OPTIONAL_STORAGE),
    Fact("registered_resources", RESOURCES, None),
    Fact("logging", Maybe(_LOGGING), None),
    # Not a field upstream, but the server builds its logging of it.
    Fact("logging_config", _LOGGING, None, until=RESOLVED_COPY),
    Fact("telemetry", _TELEMETRY, None, until=_OPTIONAL_STORAGE),
    Fact("server", SERVER, None),
    Fact("external_providers_dir", Maybe(Path), None),
    Fact("external_apis_dir", Maybe(Path), None),
    Fact("vector_stores", Maybe(VECTOR_STORES), None),
    Fact("safety", Maybe(_SAFETY), None, since=_OPTIONAL_STORAGE, until=_WITHOUT_SAFETY),
    Fact("connectors", ListOf(CONNECTOR), (), since=_DISTRO_NAME),
    checks=(FieldCheck(_check_distribution, since=_DISTRO_NAME),),
)
