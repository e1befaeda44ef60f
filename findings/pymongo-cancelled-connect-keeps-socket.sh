#!/usr/bin/env bash
# PyMongo's asynchronous client does not close the socket of a connection whose making was cancelled: the garbage collector does.
#
# Versions: PyMongo 4.20.1 from PyPI, Python 3.11.
#
# A task that waits for a server that does not answer is cancelled, and the client is closed. Both return at once. The file
# descriptor of the connection that was being made stays open after that, until the socket's object is collected, which
# Python tells as "ResourceWarning: unclosed <socket.socket …>". Where a connection fails or takes too long, PyMongo closes it.
#
# Output seen:
#   after close(): 1 socket more than before
#   after collecting: 0 sockets more than before, 1 ResourceWarning
#
# Exits with 0 where that is what comes out, with 1 where it is something else. Needs Linux ($PYTHON, else python3).
set -euo pipefail

expected="$(sed -n 's/^#   \(after .*\)/\1/p' "$0")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymongo==4.20.1

cat > "$folder/show.py" <<'PY'
import asyncio
import gc
import os
import socket
import warnings
from contextlib import ExitStack, suppress

from pymongo import AsyncMongoClient


def sockets():
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return found


async def main():
    with ExitStack() as stack:
        # A server whose queue is full: who connects waits.
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(server.getsockname())
        gc.collect()
        gc.disable()
        before = sockets()
        client = AsyncMongoClient(*server.getsockname(), serverSelectionTimeoutMS=20_000)
        asking = asyncio.create_task(client.admin.command("ping"))
        await asyncio.sleep(1)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        await client.close()
        print(f"after close(): {sockets() - before} socket more than before")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            del client, asking
            await asyncio.sleep(0.2)
            gc.collect()
        of_sockets = sum("unclosed <socket" in str(one.message) for one in told)
        print(f"after collecting: {sockets() - before} sockets more than before, {of_sockets} ResourceWarning")


asyncio.run(main())
PY

seen="$("$folder/venv/bin/python" "$folder/show.py")"
printf '%s\n' "$seen"
test "$seen" = "$expected"
