"""The reader of a PostgreSQL database."""

from __future__ import annotations

from functools import partial

from llama_storage_tui.backends.postgres.engine import PostgresEngine
from llama_storage_tui.backends.postgres.keytable import PostgresKeyTables
from llama_storage_tui.backends.postgres.probe import probe
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.postgres.watch import PostgresWatch
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.sql_reader import sql_reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts


@dataclass(frozen=True, slots=True)
class PostgresProber:
    """Satisfies `protocols.Prober`."""

    engine: PostgresEngine
    target: PostgresTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe; there is nothing more thorough than that."""
        del thorough
        return await probe(self.engine, self.target, timeouts=self.timeouts)


def postgres_reader(target: PostgresTarget, *, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is connected yet."""
    engine = PostgresEngine(target, timeouts=timeouts)
    prober = PostgresProber(engine, target, timeouts)
    keys = None if target.table is None else partial(PostgresKeyTables, target.table)
    return sql_reader(
        engine, watch=partial(PostgresWatch, engine), keys=keys, timeouts=timeouts, prober=prober
    )
