"""Bring each recorded SQLite store to PostgreSQL, and have the packages' own classes read it there.

    PYTHONPATH=. python tests/oracle/migrating_postgres.py FOLDER PYTHON      # PYTHON: of each package, `{}` for its version

Run in the project's own environment; FOLDER is filled. What the packages return is saved as `reading-postgres-PAIR.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from llama_storage_tui.model.transfer import PlanChoices
from llama_storage_tui.model.transfer_result import TransferResult
from tests.oracle.migrating import PAIRS, migrate, planned
from tests.oracle.migration_stores import restore, saved
from tests.servers import PASSWORD, ROLE, postgres
from tests.stores import PostgresStore
from tests.transfers import bring

FILES: Final = "/srv/new/files"
PLAIN: Final = "plain"


async def to_postgres(old: str, new: str, folder: Path, store: PostgresStore) -> TransferResult:
    """Bring a recorded store to a database."""
    source = folder / old
    if not source.exists():
        restore(saved(old), source)
    login = f"host: 127.0.0.1, port: {store.server.port}, db: {store.database}, user: {ROLE}, password: {json.dumps(PASSWORD)}"
    plan = await planned(
        old, new, source, folder / f"{old}-to-{new}", PlanChoices(public_rows=True), login=login
    )
    return await bring(folder / "state", plan.items)


def main(folder: Path, python: str) -> None:
    """Record every pair."""
    with postgres() as server:
        for number, (old, new) in enumerate(PAIRS):
            store = PostgresStore(server, f"pair{number}")
            store.create()
            asyncio.run(to_postgres(old, new, folder / "postgres", store))
            # 0.3.5 puts the password into its URL as it is.
            server.execute(f"ALTER ROLE {ROLE} PASSWORD '{PLAIN}'")
            pair = migrate(old, new, folder)  # the conversations are named by the files
            command = (
                python.format(new.rpartition("-")[2]),
                "tests/oracle/record_migration.py",
                "read",
                str(pair),
                f"reading-postgres-{pair.name}",
            )
            environ = {
                **os.environ,
                "PYTHONPATH": ".",
                "FILES_STORAGE_DIR": FILES,
                "POSTGRES": f"127.0.0.1:{server.port}:{ROLE}:{PLAIN}:{store.database}",
            }
            subprocess.run(command, check=True, env=environ)
            server.execute(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
