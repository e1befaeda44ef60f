"""SQL that one engine has compiled is not compiled again for the next: each test opens new ones, with the same statements."""

from __future__ import annotations

from functools import wraps
from typing import Any, Final

from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

_MOST: Final = 1_000
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(_MOST)


class _Shared(LRUCache[Any, Any]):
    """What all engines of a kind of server and its version have compiled; SQLAlchemy's own keys begin with the one engine's dialect."""

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - SQLAlchemy's own
        return _COMPILED.get(_of_any_engine(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        _COMPILED[_of_any_engine(key)] = value


def _of_any_engine(key: Any) -> tuple[object, ...]:  # noqa: ANN401 - SQLAlchemy's own
    dialect, *statement = key
    return (type(dialect), dialect.server_version_info, *statement)


def share_compiled() -> None:
    """Have every engine that this process makes from now on share what it compiles."""
    made = AsyncEngine.__init__

    @wraps(made)
    def make(self: AsyncEngine, sync_engine: Engine) -> None:
        made(self, sync_engine)
        sync_engine._compiled_cache = _Shared()

    AsyncEngine.__init__ = make  # type: ignore[method-assign]
