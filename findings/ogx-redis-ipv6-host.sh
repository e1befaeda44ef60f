#!/usr/bin/env bash
# An IPv6 address is a host for one key-value backend of ogx, and none for another: kv_redis wants brackets, kv_postgres no brackets.
#
# Versions: ogx 1.5.0 and ogx-api 1.5.0, redis-py 8.1.0, asyncpg 0.31.0, SQLAlchemy 2.1.9 from PyPI, Python 3.12.
#
# Both configs have a field "host" beside a field "port", and both classes take "::1" when they are made. The Redis one pastes it into
# redis://HOST:PORT, and the first use fails before anything is contacted, with a ValueError about a port. With "[::1]" it connects.
# The PostgreSQL one hands the field to asyncpg, which connects to "::1" and takes "[::1]" for a name that it cannot find.
# Nothing listens on the port that is asked: a refused connection means that the address was understood.
#
# Output seen:
#   kv_redis     ::1    not understood: Port could not be cast to integer value as ':1:9'
#   kv_redis     [::1]  understood
#   kv_postgres  ::1    understood
#   kv_postgres  [::1]  not understood: no such host name
#
# Exits with 0 where that is what comes out, with 1 where it is something else. Needs Python 3.12 ($PYTHON, else python3.12).
set -euo pipefail

expected="$(sed -n 's/^#   \(kv_.*\)/\1/p' "$0")"
python="${PYTHON:-$(command -v python3.12)}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ogx==1.5.0 ogx-api==1.5.0 redis==8.1.0 asyncpg==0.31.0 \
  sqlalchemy==2.1.9 aiosqlite greenlet

cat > show.py <<'PY'
import asyncio
import socket

import redis.exceptions
from ogx.core.storage.datatypes import PostgresKVStoreConfig, RedisKVStoreConfig
from ogx.core.storage.kvstore.postgres import PostgresKVStoreImpl
from ogx.core.storage.kvstore.redis import RedisKVStoreImpl


def verdict(error):
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, socket.gaierror):
        return "not understood: no such host name"
    if isinstance(error, (OSError, redis.exceptions.ConnectionError)):
        return "understood"
    return f"not understood: {error}"


async def main():
    login = {"db": "made_up", "user": "made_up", "password": "made-up"}
    for name, store, config, more in (
        ("kv_redis", RedisKVStoreImpl, RedisKVStoreConfig, {}),
        ("kv_postgres", PostgresKVStoreImpl, PostgresKVStoreConfig, login),
    ):
        for host in ("::1", "[::1]"):
            try:
                opened = store(config(host=host, port=9, **more))
                await opened.initialize()
                await opened.get("key")
            except Exception as error:
                print(f"{name:<11}  {host:<5}  {verdict(error)}")


asyncio.run(main())
PY

seen="$(venv/bin/python show.py 2> log | grep '^kv_')" || { cat log >&2; exit 1; }
printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  printf 'expected:\n%s\n' "$expected" >&2
  exit 1
fi
