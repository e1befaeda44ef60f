"""`storage`: the six backend types, the references to backends, and the server's own stores, in every version since 0.3.0.

Source: `core/storage/datatypes.py` of every release from 0.3.0 to 1.5.0.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import (
    CheckedMapping,
    Fact,
    FieldCheck,
    Maybe,
    Values,
    broken,
    shape,
)
from llama_storage_tui.upstream.run_config.problems import ProblemKind

_OGX: Final = Version(0, 8, 0)
_SQL_POOLS: Final = Version(0, 7, 0)
_KV_POOLS: Final = Version(1, 0, 0)
_POOL_TUNING: Final = Version(1, 0, 3)
_SQL_TLS: Final = Version(1, 4, 0)
_CONNECTION_STRING: Final = Version(1, 4, 1)

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

COMPONENTS: Final = ("host", "port", "db", "user", "password")
"""The fields that a connection_string replaces."""

TLS_OPTIONS: Final = frozenset(
    {
        "ssl",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
    }
)
"""Options of a connection string's query that exclude ssl_mode and ca_cert_path."""


def _starts_as_expression(value: str) -> bool:
    return value.startswith("${env.")


def _check_connection_string(value: str) -> str:
    if _starts_as_expression(value):
        return value
    if not value.startswith(("postgres://", "postgresql://")):
        raise broken(ProblemKind.INVALID, "A connection string must start with postgres:// or postgresql://.")
    try:
        url = urlsplit(value)
    except ValueError:
        raise broken(ProblemKind.INVALID, "The connection string cannot be read as a URL.") from None
    if not url.netloc or not url.hostname or not url.path.strip("/"):
        raise broken(ProblemKind.INVALID, "A connection string must name a host and a database.")
    return value


def _check_login(values: Values, given: AbstractSet[str]) -> None:
    value = values["connection_string"]
    if value is None:
        if not values["user"]:
            raise broken(ProblemKind.MISSING, "Either connection_string or user must be given.", field="user")
        return
    clashing = [name for name in COMPONENTS if name in given]
    if clashing:
        message = f"connection_string cannot be combined with {', '.join(clashing)}."
        raise broken(ProblemKind.CONFLICT, message, field="connection_string")
    if _starts_as_expression(value) or (values["ssl_mode"] is None and values["ca_cert_path"] is None):
        return
    options = {name for name, _ in parse_qsl(urlsplit(value).query, keep_blank_values=True)}
    if options & TLS_OPTIONS:
        message = "TLS is set both in connection_string and in ssl_mode or ca_cert_path."
        raise broken(ProblemKind.CONFLICT, message, field="connection_string")


_NAMESPACE: Final = Fact("namespace", Maybe(str), None)

_LOGIN: Final = (
    Fact("host", str, "localhost"),
    Fact("port", int | str, 5432),
    Fact("db", str, "llamastack", until=_OGX),
    Fact("db", str, "ogx", since=_OGX),
    Fact("user", str, until=_CONNECTION_STRING),
    Fact("user", Maybe(str), None, since=_CONNECTION_STRING),
    Fact("password", Maybe(str), None, is_secret=True),
    Fact(
        "connection_string",
        Maybe(CheckedMapping(str, _check_connection_string)),
        None,
        since=_CONNECTION_STRING,
        is_secret=True,
    ),
)

_LOGIN_CHECK: Final = FieldCheck(_check_login, since=_CONNECTION_STRING)

KV_REDIS: Final = shape(
    "KvRedis",
    Fact("type", Literal["kv_redis"]),
    _NAMESPACE,
    Fact("host", str, "localhost"),
    Fact("port", int, 6379),
)

KV_SQLITE: Final = shape(
    "KvSqlite",
    Fact("type", Literal["kv_sqlite"]),
    _NAMESPACE,
    Fact("db_path", str),
)

KV_POSTGRES: Final = shape(
    "KvPostgres",
    Fact("type", Literal["kv_postgres"]),
    _NAMESPACE,
    *_LOGIN,
    Fact("ssl_mode", Maybe(str), None),
    Fact("ca_cert_path", Maybe(str), None),
    Fact("table_name", str, "llamastack_kvstore", until=_OGX),
    Fact("table_name", str, "ogx_kvstore", since=_OGX),
    Fact("pool_size", int, 5, since=_KV_POOLS, at_least=1),
    Fact("max_overflow", int, 10, since=_KV_POOLS, at_least=0),
    Fact("command_timeout", float, 30.0, since=_POOL_TUNING, above=0),
    checks=(_LOGIN_CHECK,),
)

KV_MONGODB: Final = shape(
    "KvMongodb",
    Fact("type", Literal["kv_mongodb"]),
    _NAMESPACE,
    Fact("host", str, "localhost"),
    Fact("port", int, 27017),
    Fact("db", str, "llamastack", until=_OGX),
    Fact("db", str, "ogx", since=_OGX),
    Fact("user", Maybe(str), None),
    Fact("password", Maybe(str), None, is_secret=True),
    Fact("collection_name", str, "llamastack_kvstore", until=_OGX),
    Fact("collection_name", str, "ogx_kvstore", since=_OGX),
)

SQL_SQLITE: Final = shape(
    "SqlSqlite",
    Fact("type", Literal["sql_sqlite"]),
    Fact("db_path", str),
    Fact("pool_pre_ping", bool, default=True, since=_SQL_POOLS),
)

SQL_POSTGRES: Final = shape(
    "SqlPostgres",
    Fact("type", Literal["sql_postgres"]),
    *_LOGIN,
    Fact("ssl_mode", Maybe(SslMode), None, since=_SQL_TLS),
    Fact("ca_cert_path", Maybe(Path), None, since=_SQL_TLS),
    Fact("pool_size", int, 10, since=_SQL_POOLS, at_least=1),
    Fact("max_overflow", int, 20, since=_SQL_POOLS, at_least=0),
    Fact("pool_recycle", int, -1, since=_SQL_POOLS, until=_POOL_TUNING, at_least=-1),
    Fact("pool_recycle", int, 3600, since=_POOL_TUNING, at_least=-1),
    Fact("pool_pre_ping", bool, default=True, since=_SQL_POOLS),
    checks=(_LOGIN_CHECK,),
)

BACKENDS: Final = {
    "kv_redis": KV_REDIS,
    "kv_sqlite": KV_SQLITE,
    "kv_postgres": KV_POSTGRES,
    "kv_mongodb": KV_MONGODB,
    "sql_sqlite": SQL_SQLITE,
    "sql_postgres": SQL_POSTGRES,
}
"""Every backend type; no release has dropped or added one."""
