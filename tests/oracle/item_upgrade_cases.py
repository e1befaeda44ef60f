"""Stores of conversation items as starts and second programs leave them, as SQL that both engines read.

Each holds the items a1 and a2 of conv_a and b1 of conv_b. `ADVICE` is what the program advises for a state, as SQL.
"""

from __future__ import annotations

from typing import Final

CONVERSATIONS: Final = (
    "CREATE TABLE openai_conversations (id VARCHAR PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON,"
    " access_attributes JSON, owner_principal VARCHAR); INSERT INTO openai_conversations (id, created_at) VALUES ('conv_a', 1),"
    " ('conv_b', 2)"
)
ID_KEYED: Final = (
    "CREATE TABLE conversation_items (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, item_data JSON,"
    " access_attributes JSON, owner_principal VARCHAR)"
)
KEYED_BY_BOTH: Final = (
    "CREATE TABLE conversation_items (conversation_id VARCHAR, id VARCHAR, created_at INTEGER, sort_order INTEGER, item_data"
    " JSON, tenant_id VARCHAR, access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (conversation_id, id))"
)
ROWS: Final = (
    "INSERT INTO conversation_items (id, conversation_id, created_at, item_data) VALUES ('a1', 'conv_a', 1, '{}'), ('a2',"
    " 'conv_a', 2, '{}'), ('b1', 'conv_b', 3, '{}')"
)
NEW_ROW: Final = "INSERT INTO conversation_items (id, conversation_id, created_at, item_data) VALUES ('n1', 'conv_a', 9, '{}')"
EARLIER: Final = f"{CONVERSATIONS}; {ID_KEYED}; {ROWS}"
RENAMED: Final = f"{EARLIER}; ALTER TABLE conversation_items RENAME TO conversation_items_v1"
COPY: Final = (
    "INSERT INTO conversation_items (conversation_id, id, created_at, item_data) SELECT conversation_id, id, created_at,"
    " item_data FROM conversation_items_v1"
)
NO_MARK: Final = "CREATE TABLE conversation_migrations (name VARCHAR PRIMARY KEY, completed_at INTEGER)"
MARK: Final = f"{NO_MARK}; INSERT INTO conversation_migrations VALUES ('conversation_items_backfill:v2', 5)"
UNMARK: Final = "DELETE FROM conversation_migrations WHERE name = 'conversation_items_backfill:v2'"
OWN_NAME: Final = "ALTER TABLE conversation_items_v1 RENAME TO kept_items"

STATES: Final = {
    "never upgraded": EARLIER,
    "made by 1.5": f"{CONVERSATIONS}; {KEYED_BY_BOTH}; {ROWS}",
    "renamed": RENAMED,
    "new table made": f"{RENAMED}; {KEYED_BY_BOTH}",
    "table of marks made": f"{RENAMED}; {KEYED_BY_BOTH}; {NO_MARK}",
    "copied in part, no mark": f"{RENAMED}; {KEYED_BY_BOTH}; {COPY} WHERE id = 'a1'",
    "copied, no mark": f"{RENAMED}; {KEYED_BY_BOTH}; {NO_MARK}; {COPY}",
    "copied and marked": f"{RENAMED}; {KEYED_BY_BOTH}; {COPY}; {MARK}",
    "an item deleted since": f"{RENAMED}; {KEYED_BY_BOTH}; {COPY} WHERE id <> 'a2'; {MARK}",
    "a conversation deleted since": (
        f"{RENAMED}; {KEYED_BY_BOTH}; {COPY} WHERE conversation_id <> 'conv_b'; {MARK};"
        " DELETE FROM openai_conversations WHERE id = 'conv_b'"
    ),
    "marked too early, empty": f"{RENAMED}; {KEYED_BY_BOTH}; {MARK}",
    "marked too early, new rows": f"{RENAMED}; {KEYED_BY_BOTH}; {MARK}; {NEW_ROW}",
    "marked, no new table": f"{RENAMED}; {MARK}",
    "an older server after the rename": f"{RENAMED}; {ID_KEYED}; {NEW_ROW}",
    "a table put back after the mark": f"{RENAMED}; {ID_KEYED}; {MARK}; {NEW_ROW}",
    "a table put back, the earlier one dropped": f"{EARLIER}; {MARK}",
    "a foreign table under the earlier name": (
        f"{CONVERSATIONS}; {KEYED_BY_BOTH}; {ROWS}; CREATE TABLE conversation_items_v1 (it INTEGER);"
        " INSERT INTO conversation_items_v1 VALUES (1)"
    ),
    "an empty earlier table": f"{CONVERSATIONS}; {ID_KEYED}; ALTER TABLE conversation_items RENAME TO conversation_items_v1; {KEYED_BY_BOTH}",
}

ADVICE: Final = {
    "marked too early, empty": UNMARK,
    "marked too early, new rows": UNMARK,
    "marked, no new table": UNMARK,
    "a conversation deleted since": UNMARK,
    "an older server after the rename": OWN_NAME,
    "a table put back after the mark": f"{UNMARK}; {OWN_NAME}",
    "a table put back, the earlier one dropped": UNMARK,
    "a foreign table under the earlier name": OWN_NAME,
}
