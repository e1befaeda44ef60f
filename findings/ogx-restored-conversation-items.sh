#!/usr/bin/env bash
# ogx 1.5.0 hides every conversation item, without an error, where conversation_items was put back from a backup taken before 1.5.
#
# Versions: ogx 1.5.0, ogx-api 1.5.0, SQLAlchemy 2.1.9 and aiosqlite 0.22.1 from PyPI, Python 3.12.
#
# The first start of 1.5 renames the id-keyed conversation_items to conversation_items_v1, copies its rows to a table keyed by
# (conversation_id, id), and notes in conversation_migrations that this was done. Its log then advises to drop conversation_items_v1.
# Where an operator has done that, and later puts conversation_items back from an older backup (a dump of one table, the way to undo
# a deletion), the next start renames it again, and, since the note is there, copies nothing: the start succeeds, every conversation
# is empty, and all items are in conversation_items_v1, which the log again advises to drop. Deleting the row
# conversation_items_backfill:v2 from conversation_migrations before that start makes it copy them.
#
# Output seen:
#   first start: conversation_items a1, a2; conversation_items_v1 a1, a2
#   after the restore: conversation_items nothing; conversation_items_v1 a1, a2
#   without the row: conversation_items a1, a2; conversation_items_v1 a1, a2
#
# Exits with 0 where that is what comes out, with 1 where it is something else. Needs Python 3.12 ($PYTHON, else python3.12).
set -euo pipefail

expected="$(sed -n 's/^#   \([a-z ]*: conversation_items.*\)/\1/p' "$0")"
python="${PYTHON:-$(command -v python3.12)}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ogx==1.5.0 ogx-api==1.5.0 sqlalchemy==2.1.9 aiosqlite==0.22.1

cat > try.py <<'PY'
import asyncio
import sqlite3
from types import SimpleNamespace

from ogx.core.conversations.conversations import ConversationServiceConfig, ConversationServiceImpl
from ogx.core.storage.datatypes import SqliteSqlStoreConfig, SqlStoreReference
from ogx.core.storage.sqlstore.sqlstore import register_sqlstore_backends

EARLIER = """
    CREATE TABLE conversation_items (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, item_data JSON,
        access_attributes JSON, owner_principal VARCHAR);
    INSERT INTO conversation_items (id, conversation_id, created_at, item_data) VALUES ('a1', 'conv_a', 1, '{}'),
        ('a2', 'conv_a', 2, '{}');
"""


def run(path, script):
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


async def start(path):
    register_sqlstore_backends({"sql": SqliteSqlStoreConfig(db_path=path)})
    reference = SqlStoreReference(backend="sql", table_name="openai_conversations")
    config = SimpleNamespace(storage=SimpleNamespace(stores=SimpleNamespace(conversations=reference)))
    await ConversationServiceImpl(ConversationServiceConfig.model_construct(config=config, policy=[]), {}).initialize()


def show(path, when):
    connection = sqlite3.connect(path)
    tables = ("conversation_items", "conversation_items_v1")
    found = [(name, [row[0] for row in connection.execute(f"SELECT id FROM {name} ORDER BY id")]) for name in tables]
    print(f"{when}: " + "; ".join(f"{name} {', '.join(ids) or 'nothing'}" for name, ids in found))


RESTORE = "DROP TABLE conversation_items; DROP TABLE conversation_items_v1;" + EARLIER
for path, unmark in (("one.db", ""), ("two.db", "DELETE FROM conversation_migrations;")):
    run(path, EARLIER)
    asyncio.run(start(path))
    if not unmark:
        show(path, "first start")
    run(path, RESTORE + unmark)
    asyncio.run(start(path))
    show(path, "without the row" if unmark else "after the restore")
PY

venv/bin/python try.py 2> log.txt | grep '^[a-z ]*: conversation_items' | tee seen.txt || { tail -5 log.txt >&2; exit 1; }

if [ "$(cat seen.txt)" != "$expected" ]; then
    echo "The behaviour has changed." >&2
    exit 1
fi
