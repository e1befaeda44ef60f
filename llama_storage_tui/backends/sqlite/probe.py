"""What an operator wants to know of a SQLite file, without writing a byte of it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from llama_storage_tui.backends import network
from llama_storage_tui.backends.protocols import Prober
from llama_storage_tui.backends.sqlite import holders
from llama_storage_tui.backends.sqlite.access import Look
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.in_thread import PlainConnection
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Cell, Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.next_steps import Advice

_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
_SHOWN_PROBLEMS: Final = 5


@dataclass(frozen=True, slots=True)
class SqliteProber(Prober):
    """The test of a SQLite file."""

    engine: SqliteEngine
    target: SqliteTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Open the file and describe it; `thorough` runs quick_check, which reads all of it and has no time limit."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeouts.connect):
                look = await self.engine.look()
                facts, tables = await self.engine.run_plain(_facts, seconds=self.timeouts.query)
        except TimeoutError:
            raise network.timed_out(
                self.timeouts.connect, where=self.engine.where, doing="connecting"
            ) from None
        except BackendError as error:
            raise await _with_holders(error, self.target.path) from None
        latency = (time.perf_counter() - started) * 1000
        users = await holders.of(look.file)
        is_writable = _is_writable(look)
        details: dict[str, Cell] = {
            "file": str(look.path),
            "journal mode": "wal" if look.is_wal else facts["journal_mode"],
            "file bytes": look.file.size,
            "wal bytes": look.wal.size if look.wal else 0,
            "pages": facts["page_count"],
            "page bytes": facts["page_size"],
            "encoding": facts["encoding"],
            "tables": len(tables),
            "opened as": str(look.way),
            "opened by": users.described(),
        }
        warnings = [*_warnings(look, self.target, tables, is_writable=is_writable)]
        if thorough:
            problems = await self.engine.run_plain(_quick_check, seconds=None)
            details["quick check"] = "ok" if problems == ["ok"] else "; ".join(problems)
            if problems != ["ok"]:
                warnings.append(f"quick_check found damage: {problems[0]}")
        return Probe(
            server=f"SQLite {sqlite3.sqlite_version}",
            user=None,
            tls=None,
            is_writable=is_writable,
            latency_ms=latency,
            details=details,
            warnings=tuple(warnings),
        )


async def _facts(connection: PlainConnection) -> tuple[dict[str, Cell], tuple[str, ...]]:
    facts: dict[str, Cell] = {}
    for pragma in ("journal_mode", "page_count", "page_size", "encoding"):
        ((facts[pragma],),) = await connection.execute_fetchall(f"PRAGMA {pragma}")
    return facts, tuple(str(name) for (name,) in await connection.execute_fetchall(_TABLES))


async def _quick_check(connection: PlainConnection) -> list[str]:
    found = await connection.execute_fetchall(f"PRAGMA quick_check({_SHOWN_PROBLEMS})")
    return [str(line) for (line,) in found]


def _is_writable(look: Look) -> bool:
    """Tell whether a server under this user could write: the file, and its directory for -wal or -journal."""
    return os.access(look.path, os.W_OK) and os.access(look.path.parent, os.W_OK | os.X_OK)


def _warnings(look: Look, target: SqliteTarget, tables: tuple[str, ...], *, is_writable: bool) -> list[str]:
    warnings = []
    if look.file.size == 0:
        warnings.append("The file is empty: a server has opened it and written nothing yet.")
    elif target.table is not None and target.table not in tables:
        warnings.append(
            f"There is no key-value table {target.table!r} yet: the server creates it on first use."
        )
    if not is_writable:
        warnings.append(
            "This user may not write to the file or its directory; a server under it could not either."
        )
    return warnings


async def _with_holders(error: BackendError, path: Path) -> BackendError:
    """Return the error with the processes that have the file open, where it is locked and that can be told."""
    if error.failure is not FailureKind.LOCKED:
        return error
    users = await holders.of_path(path)
    seen = f" It is open in {users.described()}." if users.processes else ""
    # The step is to look for them, which is done here.
    advice = error.help.text if isinstance(error.help, Advice) else error.help
    return BackendError(f"{error.message}{seen}", failure=error.failure, where=error.where, help=advice)
