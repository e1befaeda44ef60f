"""The reader of a PostgreSQL database."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from llama_storage_tui.backends.postgres.probe import PostgresProber
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import sql_reader
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only: a test must not wait for SQLAlchemy.
    from llama_storage_tui.backends.engine import TableWatch
    from llama_storage_tui.backends.keyvalue import KeyTables
    from llama_storage_tui.backends.postgres.engine import PostgresEngine


class LatePostgresEngine:
    """The engine of a database, which is imported and made when it is first asked for, in whatever thread."""

    def __init__(self, target: PostgresTarget, timeouts: Timeouts) -> None:
        self._target = target
        self._timeouts = timeouts
        self._made: PostgresEngine | None = None
        self._lock = Lock()

    def get(self) -> PostgresEngine:
        """Return the engine, always the same one; nothing is connected yet."""
        from llama_storage_tui.backends.postgres.engine import PostgresEngine

        with self._lock:
            if self._made is None:
                self._made = PostgresEngine(self._target, timeouts=self._timeouts)
            return self._made

    async def close(self) -> None:
        """Close what was made."""
        if self._made is not None:
            await self._made.close()


def postgres_reader(target: PostgresTarget, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is connected yet."""
    engine = LatePostgresEngine(target, timeouts)

    def watch() -> TableWatch:
        from llama_storage_tui.backends.postgres.watch import PostgresWatch

        return PostgresWatch(engine.get())

    def keys() -> KeyTables:
        from llama_storage_tui.backends.postgres.keytable import PostgresKeyTables

        return PostgresKeyTables(str(target.table))

    return sql_reader(
        engine.get,
        where=target.location,
        watch=watch,
        keys=None if target.table is None else keys,
        timeouts=timeouts,
        prober=PostgresProber(target, timeouts),
        closing=engine.close,
    )
