"""Makes the demo's folder and removes it."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from llama_storage_tui.demo.legacy import KEYS, LegacyBook, Row
from llama_storage_tui.demo.rows import keys, tables
from llama_storage_tui.errors import UsageError
from llama_storage_tui.services.requests import LoadRequest

PREFIX: Final = "llama-storage-tui-demo-"
SERVER_FOLDER: Final = "/var/lib/ogx"
"""Where the demo's server would keep its files: they are read in the demo's own folder, as those of a copied volume are."""
LEGACY_FOLDER: Final = "/var/lib/llama"
"""The same for the legacy deployment."""
PICTURED: Final = 1_763_172_000.0
"""15 November 2025, 02:00: the present of the demo's pictures."""


@contextmanager
def demo_deployment(name: str = "catalog") -> Iterator[LoadRequest]:
    """Give the request that opens a demo, one of DEMOS; its folder is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield DEMOS[name](Path(folder), now=time.time())


def keep_demo(name: str, folder: Path) -> LoadRequest:
    """Write a demo into a new folder, and return the request that opens it; raises UsageError where something is there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty", help="Name a folder that does not exist yet.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        where = folder.absolute()
        if name == "legacy":
            # The paths are real ones: the rows are there to be brought elsewhere.
            return make_legacy(where, now=time.time(), server_folder=str(where))
        return DEMOS[name](where, now=time.time())
    except OSError as error:
        raise UsageError(
            f"The demo cannot be written to {folder}: {error.strerror or type(error).__name__}"
        ) from None


def make_deployment(folder: Path, *, now: float = PICTURED) -> LoadRequest:
    """Write the demo's config and stores into a folder that exists; its newest rows are from shortly before `now`."""
    config = folder / "config.yaml"
    config.write_text((files("llama_storage_tui.demo") / "config.yaml").read_text())
    env_file = folder / "demo.env"
    env_file.write_text(f"export SQLITE_STORE_DIR={SERVER_FOLDER}\nPGPASSWORD_STACK=not-a-real-password\n")
    _write_file(folder / "kvstore.db", [("kvstore", KEYS, [*keys(int(now))])])
    _write_file(folder / "sql_store.db", tables(int(now)), is_wal=True)
    return LoadRequest(
        str(config),
        env_files=(str(env_file),),
        environ={"HOME": str(folder)},
        path_map=((SERVER_FOLDER, str(folder)),),
    )


def _write_file(
    path: Path, tables: Iterable[tuple[str, str, Sequence[Row]]], *, is_wal: bool = False
) -> None:
    """Write a SQLite file: each table by its name, its columns as SQL and its rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if is_wal:
            connection.execute("PRAGMA journal_mode = WAL")
        for name, columns, rows in tables:
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            if rows:
                places = ", ".join("?" * len(rows[0]))
                connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', rows)  # noqa: S608 - the demo's own names


def make_legacy(folder: Path, *, now: float = PICTURED, server_folder: str = LEGACY_FOLDER) -> LoadRequest:
    """Write the config, the stores and the files of a made-up deployment of 0.2 into a folder that exists.

    `server_folder` is what the server calls that folder.
    """
    config, env_file, bodies = folder / "run.yaml", folder / "demo.env", folder / "files"
    config.write_text((files("llama_storage_tui.demo") / "legacy.yaml").read_text())
    # The folder of prompts.db is in no config: 0.2 finds it below this one.
    variables = {
        "SQLITE_STORE_DIR": server_folder,
        "FILES_STORAGE_DIR": f"{server_folder}/files",
        "LLAMA_STACK_CONFIG_DIR": f"{server_folder}/home",
    }
    env_file.write_text("".join(f'{name}="{value}"\n' for name, value in variables.items()))
    book = LegacyBook(int(now), f"{server_folder}/files")
    bodies.mkdir()
    for body in book.bodies:
        (bodies / body.id).write_text(body.text, encoding="utf-8")
    for store in book.stores():
        path = folder / store.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_file(path, [(store.table, store.columns, store.rows)])
    is_real = server_folder == str(folder)
    return LoadRequest(
        str(config),
        env_files=(str(env_file),),
        environ={"HOME": str(folder)},
        path_map=() if is_real else ((server_folder, str(folder)),),
    )


DEMOS: Final[dict[str, Callable[..., LoadRequest]]] = {"catalog": make_deployment, "legacy": make_legacy}
"""Every demo by its name, the one that opens without a name first."""
