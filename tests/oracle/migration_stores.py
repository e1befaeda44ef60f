"""Small SQLite stores as JSON files, and where each version of a deployment keeps them. Plain Python: packages' own read them too."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "migration"

Store = dict[str, dict[str, dict[str, Any]]]
"""By file and table: how the table is created, its columns and its rows."""


def dump(folder: Path) -> Store:
    """Return every table of the SQLite files below a folder, rows as they were stored."""
    found: Store = {}
    for path in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(path)) as connection:
            made = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
            tables = {}
            for name, sql in sorted(made):
                rows = connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid')
                columns = [column[0] for column in rows.description]
                tables[name] = {"sql": sql, "columns": columns, "rows": [list(row) for row in rows]}
        found[str(path.relative_to(folder))] = tables
    return found


def restore(store: Store, folder: Path) -> None:
    """Make the SQLite files of a store."""
    for name, tables in store.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            for table, found in tables.items():
                connection.execute(found["sql"])
                marks = ", ".join("?" * len(found["columns"]))
                connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', found["rows"])
            connection.commit()


def saved(name: str) -> Any:  # noqa: ANN401 - JSON
    """Return a recorded file."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def save(name: str, value: object) -> None:
    """Write a recorded file."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
