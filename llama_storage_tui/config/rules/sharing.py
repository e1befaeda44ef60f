"""References and backends that meet in one physical place, or spell one place in two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.document import get, list_at
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.rules.serving import provider_name
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.catalog import Backend, Family, Reference
from llama_storage_tui.model.finding import Finding, Severity, Stage, informs, warns
from llama_storage_tui.model.target import LOOPBACK
from llama_storage_tui.upstream.consumers import VECTOR_STORE_TABLES, find_consumer

SHARED_TABLE: Final = warns(
    id="shared-table",
    title="Two references keep their rows in one table",
    advice="Rows of both are mixed and may overwrite each other. Use two tables, or two databases.",
)
SHARED_NAMESPACE: Final = warns(
    id="shared-namespace",
    title="Two references use one namespace",
    advice="Give each a namespace of its own.",
    also=((Severity.INFO, Stage.NEVER),),
)
SHARED_KEYS: Final = warns(
    id="shared-keys",
    title="Two references use the same keys, since their store keeps no namespaces",
    advice="Give each a backend with a file of its own.",
    also=((Severity.INFO, Stage.NEVER),),
)
PASSWORD_DIFFERS: Final = warns(
    id="password-differs",
    title="One role on one server is configured with two passwords",
    advice="At most one of them can be right: test both, and write the right one in both places.",
)
HOST_SPELLED_DIFFERENTLY: Final = informs(
    id="host-spelled-differently",
    title="Two backends name one server in two ways",
    advice="Write the host in one way, so that a change of one is not forgotten in the other.",
)


Place = tuple[object, ...]
"""What two backends have in common when they reach the same rows: the file, or host, port and database."""


def place_of(backend: Backend) -> Place | None:
    """Return the physical place of a backend, None where it is not known or not shared by others."""
    match backend.target:
        case SqliteTarget(path=path, is_memory=False):
            return ("sqlite", str(path))
        case PostgresTarget(host=host, port=port, database=database):
            return ("postgresql", _host(host), port, database)
        case _:
            return ("location", backend.location) if backend.location else None


def _host(host: str) -> str:
    return "localhost" if host in LOOPBACK else host.lower()


def shared_tables(view: View) -> Iterator[Finding]:
    """Two references whose rows lie in one table."""
    users: dict[tuple[Place, str], list[Reference]] = defaultdict(list)
    for reference in view.enabled:
        backend = view.backend(reference.backend)
        place = place_of(backend) if backend else None
        if place is None or reference.physical is None or reference.family is not Family.SQL:
            continue
        for table in reference.physical.tables:
            users[place, table].append(reference)
    reported: set[str] = set()
    for (_, table), references in users.items():
        if table in VECTOR_STORE_TABLES:
            continue  # Vector providers share these by design: each row names its provider.
        first = references[0]
        for second in references[1:]:
            if second.path in reported:
                continue
            reported.add(second.path)
            differs = first.table != second.table
            yield SHARED_TABLE.found_on(
                second,
                f"{second.path} and {first.path} keep their rows in one table, {table}"
                + (", though the config names two" if differs else ""),
                help="Rows of both are mixed and may overwrite each other. Use two tables, or two databases; a new one"
                " begins empty, "
                "and the rows so far stay in this one."
                if not differs
                else "The table names in the config have no effect here: only two databases separate them.",
            )


def shared_namespaces(view: View) -> Iterator[Finding]:
    """Two references whose keys lie under one prefix."""
    found: dict[Place, list[Reference]] = defaultdict(list)
    for reference in view.enabled:
        backend = view.backend(reference.backend)
        place = place_of(backend) if backend else None
        if place is not None and reference.physical is not None and reference.physical.prefixes:
            found[*place, reference.physical.container].append(reference)
    for references in found.values():
        for first, second in _meetings(references):
            collides = sorted(set(_families(view, first)) & set(_families(view, second)))
            is_named = first.namespace == second.namespace
            what = (
                f"namespace {first.namespace!r}"
                if is_named
                else "the same keys, for this store keeps no namespaces"
            )
            rule = SHARED_NAMESPACE if is_named else SHARED_KEYS
            yield rule.found_on(
                second,
                f"{second.path} and {first.path} use {what}"
                + (
                    f": the keys {', '.join(collides)} of both are stored together, and equal ones overwrite each other"
                    if collides
                    else "; their keys do not collide"
                ),
                severity=Severity.WARNING if collides else Severity.INFO,
            )


def _meetings(references: list[Reference]) -> Iterator[tuple[Reference, Reference]]:
    """Yield pairs with a common prefix: of many that share, each is named once, with the first that it meets.

    By an index, since thousands of references on one backend have millions of pairs.
    """
    met: dict[str, dict[tuple[str, ...], tuple[int, Reference]]] = defaultdict(dict)
    for place, second in enumerate(references):
        prefixes = second.physical.prefixes if second.physical is not None else ()
        reported: set[tuple[str, ...]] = set()
        earlier = {others: found for prefix in prefixes for others, found in met[prefix].items()}
        for others, (_, first) in sorted(earlier.items(), key=lambda found: found[1][0]):
            common = tuple(sorted(set(others) & set(prefixes)))
            if common not in reported:
                reported.add(common)
                yield first, second
        for prefix in prefixes:
            met[prefix].setdefault(prefixes, (place, second))


def _families(view: View, reference: Reference) -> tuple[str, ...]:
    """Return the raw key families that a reference's reader writes; one of unknown code may write any."""
    path, _, tail = reference.path.partition("].config.")
    api, _, index = path.removeprefix("providers.").partition("[")
    if not index.isdecimal():
        return (f"{reference.name}:",)
    entry = get(view.context.document.data, "providers", api, int(index))
    type_ = str(get(entry, "provider_type"))
    consumer = find_consumer(api, type_, tuple(tail.split(".")), view.version)
    return consumer.keys if consumer is not None else ()


def same_server_twice(view: View) -> Iterator[Finding]:
    """One role on one server, configured twice with different passwords or spellings."""
    targets = [
        (backend, backend.target)
        for backend in view.backends_of("kv_postgres", "sql_postgres")
        if isinstance(backend.target, PostgresTarget)
    ]
    seen: dict[tuple[object, ...], list[tuple[Backend, PostgresTarget]]] = defaultdict(list)
    for second, other in targets:
        alike = seen[_host(other.host), other.port, other.user]
        alike.append((second, other))
        first, one = alike[0]
        if one.password != other.password:
            yield PASSWORD_DIFFERS.found_on(
                second,
                f"{first.name} and {second.name} log in as the same role on the same server with different passwords; "
                "at most one of them can be right",
            )
        elif one.host != other.host:
            yield HOST_SPELLED_DIFFERENTLY.found_on(
                second,
                f"{first.name} and {second.name} name one server in two ways: {one.host} and {other.host}",
            )


def vector_database_login(view: View) -> Iterator[Finding]:
    """A pgvector provider has a login of its own, often the same role on the same server: a rotation misses it easily."""
    for index, entry in enumerate(list_at(view.context.data, "providers", "vector_io")):
        if get(entry, "provider_type") != "remote::pgvector" or get(entry, "provider_id") in (None, ""):
            continue
        host, user, password = (get(entry, "config", name) for name in ("host", "user", "password"))
        port = get(entry, "config", "port") or 5432
        for backend in view.backends_of("kv_postgres", "sql_postgres"):
            target = backend.target
            if not isinstance(target, PostgresTarget) or not isinstance(host, str) or password is UNKNOWN:
                continue
            known = None if target.password is None else target.password.reveal()
            is_same_role = (_host(host), str(port), user) == (
                _host(target.host),
                str(target.port),
                target.user,
            )
            if is_same_role and password != known:
                yield view.finding(
                    PASSWORD_DIFFERS,
                    view.context.resolution.file_path(
                        ("providers", "vector_io", index, "config", "password")
                    ),
                    f"{provider_name(entry)} and {backend.name} log in as the same role on the same server with different "
                    "passwords; at most one of them can be right",
                )


CHECKS = (shared_tables, shared_namespaces, same_server_twice, vector_database_login)
