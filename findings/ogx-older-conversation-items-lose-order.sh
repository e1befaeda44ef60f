#!/usr/bin/env bash
# ogx 1.5.0 lists the items of a conversation that an earlier server stored in the order of their ids, not of the conversation.
#
# Versions: llama-stack 0.7.3 and llama-stack-api 0.7.3, ogx 1.5.0 and ogx-api 1.5.0, SQLAlchemy 2.1.9 and aiosqlite 0.22.1 from PyPI,
# Python 3.12.
#
# Up to 1.0 items had a time (seconds) and were listed by it, ties as they were stored. From 1.1 on they have a position, sort_order,
# and are listed by that alone. No start fills it in for older rows, the copy to the new table of 1.5 included: for them it is NULL,
# and what decides is the index, which is by id. Ids of items are random, so a conversation of 0.7.3 comes back shuffled, questions
# behind their answers, without an error or a line in the log. The time of the items, by which they could be put in order, is there.
#
# Output seen:
#   0.7.3 lists: c b a (stored in this order, at times 1, 2, 3)
#   1.5.0 lists: a b c
#
# Exits with 0 where that is what comes out, with 1 where it is something else. Needs Python 3.12 ($PYTHON, else python3.12).
set -euo pipefail

expected="$(sed -n 's/^#   \([01]\.[57]\.[03] lists: [abc ]*[abc]\).*/\1/p' "$0")"
python="${PYTHON:-$(command -v python3.12)}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

for release in "llama-stack==0.7.3 llama-stack-api==0.7.3" "ogx==1.5.0 ogx-api==1.5.0"; do
  name="${release%%=*}"
  "$python" -m venv "$name"
  # shellcheck disable=SC2086 # two packages
  "$name/bin/pip" install --quiet --disable-pip-version-check $release sqlalchemy==2.1.9 aiosqlite==0.22.1 greenlet
done

cat > show.py <<'PY'
import asyncio
import importlib
import sqlite3
import sys
from types import SimpleNamespace

root, api, label = sys.argv[1:4]
conversations = importlib.import_module(f"{root}.core.conversations.conversations")
types = importlib.import_module(f"{root}.core.storage.datatypes")
sqlstore = importlib.import_module(f"{root}.core.storage.sqlstore.sqlstore")
requests = importlib.import_module(api)
CONVERSATION = "conv_" + "0" * 48


def message(name):
    return '{"type": "message", "role": "user", "id": "%s", "content": [{"type": "input_text", "text": "x"}]}' % name


async def main():
    sqlstore.register_sqlstore_backends({"sql": types.SqliteSqlStoreConfig(db_path="store.db")})
    reference = types.SqlStoreReference(backend="sql", table_name="openai_conversations")
    config = SimpleNamespace(storage=SimpleNamespace(stores=SimpleNamespace(conversations=reference)))
    service = conversations.ConversationServiceImpl(SimpleNamespace(config=config, run_config=config, policy=[]), {})
    await service.initialize()
    if root == "llama_stack":
        # What it wrote, with times and ids that show the order.
        try:
            await service.get_conversation(requests.GetConversationRequest(conversation_id=CONVERSATION))
        except Exception:
            pass
        store = sqlite3.connect("store.db")
        store.execute(
            "INSERT INTO openai_conversations (id, created_at, metadata, access_attributes, owner_principal)"
            " VALUES (?, 1, '{}', 'null', '')",
            [CONVERSATION],
        )
        for time, name in enumerate("cba", 1):
            store.execute(
                "INSERT INTO conversation_items (id, conversation_id, created_at, item_data, access_attributes, owner_principal)"
                " VALUES (?, ?, ?, ?, 'null', '')",
                [name, CONVERSATION, time, message(name)],
            )
        store.commit()
        store.close()
    request = requests.ListItemsRequest(conversation_id=CONVERSATION, order="asc")
    listed = await service.list_items(request)
    print(f"{label} lists:", *(item.id for item in listed.data))


asyncio.run(main())
PY

seen="$(llama-stack/bin/python show.py llama_stack llama_stack_api 0.7.3 2> log)" || { cat log >&2; exit 1; }
seen="$seen
$(ogx/bin/python show.py ogx ogx_api 1.5.0 2> log)" || { cat log >&2; exit 1; }
seen="$(printf '%s\n' "$seen" | grep ' lists: ')"
printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  printf 'expected:\n%s\n' "$expected" >&2
  exit 1
fi
