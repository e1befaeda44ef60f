"""Where a SQLite file is or would be: whether it may be written, how much room it has, and removing one that holds nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def obstacles(path: Path) -> list[str]:
    """Return why a file cannot be written."""
    folder = path.parent
    if not path.exists():
        while not folder.exists():
            folder = folder.parent
    found = []
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        found.append(f"{path} may not be written: check its owner and mode.")
    if not os.access(folder, os.W_OK | os.X_OK):
        found.append(f"The folder {folder} may not be written, which SQLite needs for its journal.")
    if path.exists() and not path.is_file():
        found.append(f"{path} is not a file.")
    return found


def free_bytes(path: Path) -> int | None:
    """Return the room on the disk of a file; None where that cannot be told."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def remove_empty(path: Path) -> None:
    """Remove a file of no byte."""
    if path.is_file() and path.stat().st_size == 0:
        path.unlink()


def remove_without_tables(path: Path) -> None:
    """Remove a database file in which nothing was created."""
    address = f"file://{quote(os.fsencode(path), safe='/')}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            (number,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return
    if number == 0:
        path.unlink()
