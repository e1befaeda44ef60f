"""The engines, each named once; which of them is for a type or a target, and opening one.

A driver is imported when the first backend of its kind is opened, not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, Roles
from llama_storage_tui.errors import BackendError, FailureKind, RefusedError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import LoginTarget, Target

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter, Reader, RoleLogin, RoleServer
    from llama_storage_tui.model.raw_rows import Sheet

_PACKAGES: Final = (
    "sqlite",
    "postgres",
    "mongodb",
    "redis",
)
"""The packages beside this module, each of which exports an `ENGINE`."""

ENGINES: Final[tuple[EngineSpec[Any], ...]] = tuple(
    import_module(f"{__package__}.{name}").ENGINE for name in _PACKAGES
)


def engine_of_type(type_: str) -> EngineSpec[Any] | None:
    """Return the engine of a backend's type, or of an inline store's of 0.2; None for an unknown one."""
    return next((each for each in ENGINES if type_ in each.types or type_ in each.inline_types), None)


def engine_of(target: Target) -> EngineSpec[Any]:
    """Return the engine of a target."""
    return next(each for each in ENGINES if isinstance(target, each.target))


def open_reader(target: Target, *, timeouts: Timeouts | None = None) -> Reader:
    """Return a reader of a target, which connects on its first question. Whoever opens it closes it.

    Raises BackendError for a target that cannot be looked into, or whose driver is missing.
    """
    engine = engine_of(target)
    try:
        with _needing_driver(engine):
            return engine.reader(target, timeouts or Timeouts())
    except RefusedError as refused:
        failure = FailureKind.DRIVER_MISSING
        raise BackendError(
            refused.message, failure=failure, where=target.location, help=refused.help
        ) from None


def open_role(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleLogin:
    """Return the role of a target, which logs in with whatever password it is asked about. Holds nothing open.

    Raises RefusedError where the driver is missing.
    """
    engine = engine_of(target)
    with _needing_driver(engine):
        return _roles(engine).login(target, timeouts or Timeouts())


def open_role_server(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleServer:
    """Return the role of a target with the right to change it: for a rotation that was confirmed, and nothing else.

    Raises RefusedError where the driver is missing.
    """
    engine = engine_of(target)
    with _needing_driver(engine):
        return _roles(engine).server(target, timeouts or Timeouts())


def open_source(target: Target, *, timeouts: Timeouts | None = None) -> ItemSource:
    """Return the rows of a target as they are stored, without contacting it yet. Whoever opens it closes it.

    Raises RefusedError where the engine has no such way, or its driver is missing.
    """
    engine = engine_of(target)
    with _needing_driver(engine):
        return _bulk_copy(engine).source(target, timeouts or Timeouts())


def open_writer(target: Target, *, timeouts: Timeouts | None = None) -> ItemWriter:
    """Return a writer of a target, without contacting it yet: for a transfer that was confirmed, and nothing else.

    Raises RefusedError as `open_source` does.
    """
    engine = engine_of(target)
    writer = _bulk_copy(engine).writer
    if writer is None:
        raise _no_copy(engine)
    with _needing_driver(engine):
        return writer(target, timeouts or Timeouts())


def writable_types() -> tuple[str, ...]:
    """Return the backend types to which this program can bring rows."""
    copies = ((each.bulk_copy, each.types) for each in ENGINES)
    return tuple(type_ for copy, types in copies if copy is not None and copy.writer for type_ in types)


def is_writable(target: Target) -> bool:
    """Tell whether this program has a writer of a target."""
    copy = engine_of(target).bulk_copy
    return copy is not None and copy.writer is not None


def creation_of(target: Target, sheet: Sheet) -> tuple[str, ...]:
    """Return the statements that make a container at a target where it is not there."""
    return _bulk_copy(engine_of(target)).statements(sheet)


def copy_note(target: Target) -> str:
    """Return what to know before rows are brought to a target; '' where that is nothing."""
    return _bulk_copy(engine_of(target)).note


def refuse_but_for_move(target: Target) -> None:
    """Raise RefusedError where rows of a target cannot be brought beside others that are there."""
    engine = engine_of(target)
    if _bulk_copy(engine).only_moves:
        raise _no_copy(engine)


def _bulk_copy(engine: EngineSpec[Any]) -> BulkCopy[Any]:
    if engine.bulk_copy is None:
        raise _no_copy(engine)
    return engine.bulk_copy


def _no_copy(engine: EngineSpec[Any]) -> RefusedError:
    return RefusedError(f"This program copies no data from or to {engine.name}")


def _roles(engine: EngineSpec[Any]) -> Roles[Any]:
    if engine.roles is None:
        raise RefusedError(engine.why_no_roles)
    return engine.roles


@contextmanager
def _needing_driver(engine: EngineSpec[Any]) -> Iterator[None]:
    """Raise RefusedError where the driver is missing, or is older than what is imported from it."""
    try:
        yield
    except ImportError as error:
        name = error.name
    else:
        return
    if engine.extra is None:
        raise RefusedError(
            f"The driver is not installed: {name}.", help="Install the program again with its dependencies."
        )
    raise RefusedError(
        f"{engine.name} is spoken to with the optional driver {engine.driver}, which is not installed",
        help=f"pip install 'llama-storage-tui[{engine.extra}]'",
    )
