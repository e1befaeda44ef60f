"""The reader of a PostgreSQL database."""

from __future__ import annotations

from llama_storage_tui.backends.postgres.engine import PostgresEngine
from llama_storage_tui.backends.postgres.probe import probe
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import sql_reader
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import PostgresTarget


def postgres_reader(target: PostgresTarget, *, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is connected yet."""
    engine = PostgresEngine(target, timeouts=timeouts)

    async def probing(thorough: bool) -> Probe:  # noqa: FBT001 - the shape of a callback
        del thorough
        return await probe(engine, target, timeouts=timeouts)

    return sql_reader(engine, table=target.table, timeouts=timeouts, probing=probing)
