"""Record what the packages' own SQL store lets users read of the rows in access/material.json; see README.md.

Run it by hand with the interpreter of an environment that holds ``llama-stack`` or ``ogx``. The package's authorized store reads
a real SQLite file (or, with --postgres, a database) whose rows were written with plain SQL.
"""

import argparse
import asyncio
import datetime as dt
import importlib
import importlib.metadata
import io
import json
import logging
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLUMNS = "id VARCHAR NOT NULL PRIMARY KEY, model VARCHAR, owner_principal VARCHAR, access_attributes JSON, tenant_id VARCHAR"
GROUP_SIZE = 24
Bits = int


class Silent:
    """A log that costs nothing: each decision writes a line."""

    def debug(self, *_args: object, **_named: object) -> None:
        pass

    warning = debug


class Package:
    """The parts of the installed package that decide."""

    def __init__(self) -> None:
        self.name, self.version = installed()
        root = self.name.replace("-", "_")
        old = self.version.startswith("0.3.")
        stores = f"{root}.providers.utils.sqlstore" if old else f"{root}.core.storage.sqlstore"
        self.authorized: Any = importlib.import_module(f"{stores}.authorized_sqlstore")
        self.plain: Any = importlib.import_module(f"{stores}.sqlalchemy_sqlstore")
        self.types: Any = importlib.import_module(f"{root}.core.datatypes")
        self.storage: Any = importlib.import_module(f"{root}.core.storage.datatypes")
        self.requests: Any = importlib.import_module(f"{root}.core.request_headers")
        self.rules: Any = importlib.import_module(f"{root}.core.access_control.datatypes")
        importlib.import_module(f"{root}.core.access_control.access_control").logger = Silent()  # type: ignore[attr-defined]
        self.has_tenancy = hasattr(self.types, "TenancyConfig")
        self.auth: Any = importlib.import_module(f"{root}.core.server.auth") if self.has_tenancy else None
        self.table = "openai_responses" if old else "responses"

    def policy(self, rules: list[object]) -> list[object] | None:
        """Return the rules as the package reads them, None where it refuses."""
        from pydantic import TypeAdapter, ValidationError

        try:
            return list(TypeAdapter(list[self.rules.AccessRule]).validate_python(rules))  # type: ignore[name-defined]
        except ValidationError:
            return None

    async def user(self, given: dict[str, Any] | None, tenancy: dict[str, Any] | None) -> Any:  # noqa: ANN401
        """Return who asks as the store gets it; raises PermissionError where the request is refused before."""
        if tenancy is None:
            return None if given is None else self._user(given)
        scope = {"type": "websocket", "principal": "", "user_attributes": {}}
        if given is not None:
            scope |= {"principal": given["name"], "user_attributes": given.get("attributes") or {}}
            scope |= {"tenant_id": given["tenant"]} if given.get("tenant") else {}
        passed: list[Any] = []

        async def app(scope: Any, *_: object) -> None:  # noqa: ANN401
            passed.append(self.requests.user_from_scope(scope))

        async def send(_message: object) -> None:
            pass

        config = self.types.TenancyConfig(**tenancy)
        await self.auth.TenancyMiddleware(app, config)(scope, None, send)
        if not passed:
            raise PermissionError
        return passed[0]

    def _user(self, given: dict[str, Any]) -> Any:  # noqa: ANN401
        values = {"principal": given["name"], "attributes": given.get("attributes")}
        if self.has_tenancy:
            values["tenant_id"] = given.get("tenant")
        return self.types.User(**values)


def installed() -> tuple[str, str]:
    for package in ("ogx", "llama-stack"):
        with suppress(importlib.metadata.PackageNotFoundError):
            return package, importlib.metadata.version(package)
    raise SystemExit("neither ogx nor llama-stack is installed for this interpreter")


class Remembered:
    """The package's plain store, asked once for each statement: the rows do not change while they are read."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401
        self.store, self.config = store, store.config
        self.known: dict[str, Any] = {}
        self.create_table, self.update = store.create_table, store.update
        self.add_column_if_not_exists = store.add_column_if_not_exists

    async def fetch_all(self, **call: Any) -> Any:  # noqa: ANN401
        key = repr(call)
        if key not in self.known:
            try:
                self.known[key] = await self.store.fetch_all(**call)
            except Exception as error:  # noqa: BLE001 - to be raised each time
                self.known[key] = error
        if isinstance(self.known[key], Exception):
            raise self.known[key]
        return self.known[key]


class Table:
    """One table of rows under one tenancy, with a store of the package on it."""

    def __init__(self, package: Package, rows: list[list[Any]], tenancy: dict[str, Any] | None) -> None:
        self.package, self.rows, self.tenancy = package, rows, tenancy
        self.places = {row[0]: place for place, row in enumerate(rows)}
        self.groups: dict[str, list[str]] = {}
        for row in rows:
            name = f"alone {row[0]}" if row[4:] else f"group {self.places[row[0]] // GROUP_SIZE}"
            self.groups.setdefault(name, []).append(row[0])

    def values(self) -> Iterable[tuple[Any, ...]]:
        names = {id_: name for name, ids in self.groups.items() for id_ in ids}
        return [(row[0], names[row[0]], row[1], row[2], row[3]) for row in self.rows]

    async def open(self, config: Any) -> None:  # noqa: ANN401
        self.base = self.package.plain.SqlAlchemySqlStoreImpl(config)
        self.remembered = Remembered(self.base)
        self.selected: dict[str, list[Bits]] = {}
        kind = self.package.plain.ColumnType
        key = self.package.plain.ColumnDefinition(type=kind.STRING, primary_key=True)
        self.store = await self.authorized([])
        await self.store.create_table(self.package.table, {"id": key, "model": kind.STRING})
        await self.base.fetch_all(self.package.table, where={"id": "no such row"})  # makes the engine

    async def authorized(self, policy: list[object]) -> Any:  # noqa: ANN401
        if self.tenancy is None:
            return self.package.authorized.AuthorizedSqlStore(self.remembered, policy)
        config = self.package.types.TenancyConfig(**self.tenancy)
        return self.package.authorized.AuthorizedSqlStore(
            self.remembered, policy, config.mode, config.default_tenant_id
        )

    async def probe(
        self, read: Callable[[dict[str, str]], Awaitable[list[str]]], *, one_by_one: bool
    ) -> list[Bits]:
        """Return which rows a way to read gives, and at which it fails."""
        given = failed = 0
        for name, ids in self.groups.items():
            try:
                if one_by_one:
                    raise LookupError  # noqa: TRY301
                found = await read({"model": name})
            except Exception:  # noqa: BLE001 - whatever a server fails with
                found = []
                for id_ in ids:
                    try:
                        found += await read({"id": id_})
                    except Exception:  # noqa: BLE001
                        failed |= 1 << self.places[id_]
            given |= sum(1 << self.places[id_] for id_ in found)
        return [given, failed]

    async def record(
        self, policy: list[object], given: dict[str, Any] | None, *, one_by_one: bool
    ) -> list[Bits]:
        """Return six sets of rows, each as the bits of a number: shown by SQL, SQL fails, permitted, policy fails, read, fails."""
        store = await self.authorized(policy)
        try:
            user = await self.package.user(given, self.tenancy)
        except PermissionError:
            return [0] * 6
        table = self.package.table

        async def read(where: dict[str, str]) -> list[str]:
            return [row["id"] for row in (await store.fetch_all(table, where=where)).data]

        async def condition() -> tuple[str, dict[str, Any]]:
            seen: dict[str, Any] = {}

            async def fetch_all(**call: Any) -> Any:  # noqa: ANN401
                seen.update(call)
                return self.package.plain.PaginatedResponse(data=[], has_more=False)

            store.sql_store = type("Seen", (), {"fetch_all": staticmethod(fetch_all)})
            await store.fetch_all(table)
            store.sql_store = self.remembered
            return seen["where_sql"], seen.get("where_sql_params") or {}

        async def permit(where: dict[str, str]) -> list[str]:
            nothing: Any = (
                "1=1" if isinstance(store._build_access_control_where_clause([]), str) else ("1=1", {})
            )
            store._build_access_control_where_clause = lambda _policy: nothing
            if self.tenancy is not None:
                store._build_tenant_filter = lambda *_args, **_named: nothing
            return await read(where)

        with self.package.requests.RequestProviderDataContext(None, user), redirect_stdout(io.StringIO()):
            shown = await condition()
            if repr(shown) not in self.selected:
                self.selected[repr(shown)] = await self.probe(
                    lambda where: self.select(where, *shown), one_by_one=False
                )
            sets = self.selected[repr(shown)]
            sets_read = await self.probe(read, one_by_one=one_by_one)
            # Where SQL shows everything, what is read is what the policy permits.
            permitted = sets_read if shown[0] == "1=1" else await self.probe(permit, one_by_one=one_by_one)
        return sets + permitted + sets_read

    async def present(self) -> Bits:
        """Return which rows the database took: PostgreSQL refuses what is not JSON."""
        found = [id_ for name in self.groups for id_ in await self.select({"model": name}, "1=1", {})]
        return sum(1 << self.places[id_] for id_ in found)

    async def select(self, where: dict[str, str], condition: str, parameters: dict[str, Any]) -> list[str]:
        from sqlalchemy import select, text

        table = self.base.metadata.tables[self.package.table]
        ((column, value),) = where.items()
        clause = text(condition)
        clause = clause.bindparams(**parameters) if parameters else clause
        query = select(table.c.id).where(table.c[column] == value).where(clause)
        async with self.base.async_session() as session:
            return [row[0] for row in await session.execute(query)]


async def record(
    package: Package, material: dict[str, Any], open_table: Callable[..., Awaitable[Table]]
) -> dict[str, Any]:
    outcomes: dict[tuple[str, ...], int] = {}
    decisions: dict[str, Any] = {}
    tables: dict[str, Table] = {}
    # One tenancy after the other: in PostgreSQL each has the table to itself.
    for case in sorted(material["policies"], key=lambda case: json.dumps(case.get("tenancy"))):
        tenancy = case.get("tenancy")
        if tenancy is not None and not package.has_tenancy:
            continue
        policy = package.policy(case["policy"])
        if policy is None:
            decisions[case["name"]] = "rejected"
            continue
        name = json.dumps(tenancy)
        if name not in tables:
            tables[name] = await open_table(tenancy)
        numbers = []
        for user in material["users"]:
            sets = await tables[name].record(policy, user, one_by_one=case.get("one_by_one", False))
            shown = tuple(format(bits, "x") for bits in sets)
            numbers.append(outcomes.setdefault(shown, len(outcomes)))
        decisions[case["name"]] = numbers
    present = [await table.present() for table in tables.values()]
    assert len(set(present)) == 1
    return {
        "present": format(present[0], "x"),
        "outcomes": [" ".join(outcome) for outcome in outcomes],
        "decisions": decisions,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--material", type=Path, default=HERE / "access" / "material.json")
    parser.add_argument("--into", type=Path, default=HERE / "access")
    parser.add_argument("--policies", default="", help="record only those whose names begin so")
    parser.add_argument("--suffix", default="", help="added to the name of the file")
    parser.add_argument("--postgres", help="host:port:user:password:database of an empty database")
    return parser.parse_args()


async def main() -> None:
    logging.disable(logging.CRITICAL)
    options = arguments()
    material = json.loads(options.material.read_text("utf-8"))
    material["policies"] = [
        case for case in material["policies"] if case["name"].startswith(options.policies)
    ]
    package = Package()
    engine = "postgres" if options.postgres else "sqlite"
    with tempfile.TemporaryDirectory() as folder:

        async def open_on_sqlite(tenancy: dict[str, Any] | None) -> Table:
            table = Table(package, material["rows"], tenancy)
            path = Path(folder) / f"{json.dumps(tenancy).encode().hex()[:60]}.db"
            connection = sqlite3.connect(path)
            connection.execute(f"CREATE TABLE {package.table} ({COLUMNS})")
            connection.executemany(f"INSERT INTO {package.table} VALUES (?, ?, ?, ?, ?)", table.values())
            connection.commit()
            connection.close()
            await table.open(package.storage.SqliteSqlStoreConfig(db_path=str(path)))
            return table

        async def open_on_postgres(tenancy: dict[str, Any] | None) -> Table:
            import asyncpg

            host, port, user, password, database = options.postgres.split(":")
            table = Table(package, material["rows"], tenancy)
            connection = await asyncpg.connect(
                host=host, port=int(port), user=user, password=password, database=database
            )
            await connection.execute(f"DROP TABLE IF EXISTS {package.table}")
            await connection.execute(f"CREATE TABLE {package.table} ({COLUMNS})")
            for values in table.values():
                # What is not JSON to PostgreSQL cannot be in its table.
                with suppress(asyncpg.PostgresError):
                    await connection.execute(
                        f"INSERT INTO {package.table} VALUES ($1, $2, $3, $4, $5)", *values
                    )
            await connection.close()
            config = {"host": host, "port": int(port), "user": user, "password": password, "db": database}
            await table.open(package.storage.PostgresSqlStoreConfig(**config))
            return table

        recorded = await record(package, material, open_on_postgres if options.postgres else open_on_sqlite)
    header = {
        "package": package.name,
        "version": package.version,
        "engine": engine,
        "table": package.table,
        "default": [rule.when for rule in package.authorized.SQL_OPTIMIZED_POLICY],
        "python": platform.python_version(),
        "sqlalchemy": importlib.metadata.version("sqlalchemy"),
        "sqlite": sqlite3.sqlite_version,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    target = options.into / f"{package.name}-{package.version}-{engine}{options.suffix}.json"
    target.write_text(json.dumps({"header": header} | recorded, indent=0) + "\n", "utf-8")
    print(f"{target.name}: {len(recorded['decisions'])} policies, {len(material['users'])} users")


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit()
