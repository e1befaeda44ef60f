"""What is brought from SQLite to PostgreSQL is stored there as it is in SQLite, and the later packages read the same.

`PAIR.json` is the stored form in SQLite that the packages read, `reading-PAIR.json` what they returned of it, and
`reading-postgres-PAIR.json` what they returned of PostgreSQL.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.migrating import PAIRS
from tests.oracle.migrating_postgres import to_postgres
from tests.oracle.migration_stores import Store, saved
from tests.stores import PostgresStore

KEYS = "kvstore(expiration, key, value)"
NAMESPACES = ("registry", "agents", "batches", "prompts", "vector_io::faiss", "datasetio::localfs")
EARLY_KEYS = ["key|text|NO", "value|text|YES", "expiration|timestamp without time zone|YES"]
LATER_KEYS = [*EARLY_KEYS[:2], "expiration|timestamp with time zone|YES"]
NAMES = ["-to-".join(pair) for pair in PAIRS]


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=NAMES)
async def test_a_store_brought_to_postgresql_has_the_rows_that_the_later_package_was_seen_to_read(
    old: str, new: str, tmp_path: Path, postgres_store: PostgresStore
) -> None:
    result = await to_postgres(old, new, tmp_path, postgres_store)
    assert result.left == ()
    found = stored(postgres_store)
    if not new.startswith("ogx"):
        found[KEYS] = sorted(((end, raw(key), value) for end, key, value in found[KEYS]), key=str)
    assert found == expected(saved(f"{old}-to-{new}"))
    assert columns_of_keys(postgres_store) == (EARLY_KEYS, LATER_KEYS)[new.startswith("ogx")]


@pytest.mark.parametrize("pair", NAMES)
def test_the_later_package_read_the_same_of_postgresql_as_of_sqlite(pair: str) -> None:
    of_files, of_server = saved(f"reading-{pair}"), saved(f"reading-postgres-{pair}")
    assert of_files.keys() == of_server.keys()
    for registered in (*of_files["registry"], *of_server["registry"]):
        # Not stored: ogx says of every model that it was made when it is read.
        registered.pop("created", None)
    if "ogx" not in pair:
        for versions in (*of_files["prompt versions"].values(), *of_server["prompt versions"].values()):
            for version in versions:
                # Worked out by the list of versions, which finds none in PostgreSQL before 1.0: there each was asked for by itself.
                version.pop("is_default")
    for family, found in of_files.items():
        assert in_order(of_server[family]) == in_order(found), family
    # In which order a conversation's items are listed is part of what is read.
    assert of_server.get("conversations") == of_files.get("conversations")


def columns_of_keys(store: PostgresStore) -> list[str]:
    """Return how the table of the keys was made."""
    return store.ask(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name LIKE '%kvstore'"
        " ORDER BY ordinal_position"
    ).splitlines()


def raw(key: str | None) -> str:
    """Return a key as it is in SQLite, where servers before 1.0 write no namespace; PostgreSQL has it in every version."""
    (namespace,) = (each for each in NAMESPACES if str(key).startswith(f"{each}:"))
    return str(key).removeprefix(f"{namespace}:")


def in_order(found: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a list in an order of its own: which of several of one second comes first was never said."""
    if not isinstance(found, list):
        return found
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))


def stored(store: PostgresStore) -> dict[str, list[tuple[str | None, ...]]]:
    """Return the rows of every table that has some, cells as text, columns and rows in an order of their own."""
    names = store.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").splitlines()
    found = {}
    for name in names:
        # JSON columns as their text: what is compared is the text and not what it means.
        columns = store.ask(
            f"SELECT attname FROM pg_attribute WHERE attrelid = '\"{name}\"'::regclass AND attnum > 0 ORDER BY 1"
        ).splitlines()
        chosen = ", ".join(f'"{column}"::text AS "{column}"' for column in columns)
        rows = store.ask(
            f'SELECT coalesce(json_agg(row_to_json(t)), $$[]$$) FROM (SELECT {chosen} FROM "{name}") t'
        )
        cells = [tuple(row[column] for column in columns) for row in json.loads(rows)]
        if cells:
            table = "kvstore" if columns == ["expiration", "key", "value"] else name
            found[f"{table}({', '.join(columns)})"] = sorted(cells, key=str)
    return found


def expected(store: Store) -> dict[str, list[tuple[str | None, ...]]]:
    """Return the rows of a recorded store in the same form."""
    found = {}
    for tables in store.values():
        for name, table in tables.items():
            columns = sorted(table["columns"])
            rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
            cells = [tuple(text_of(column, row[column]) for column in columns) for row in rows]
            if cells:
                found[f"{name}({', '.join(columns)})"] = sorted(cells, key=str)
    return found


def text_of(column: str, cell: object) -> str | None:
    """Return a cell of SQLite as PostgreSQL writes it."""
    if cell is None:
        return None
    return str(bool(cell)).lower() if column == "is_default" else str(cell)
