"""What the processes of tests/fork_server.py are forked from: all of the program and of its drivers, and an app that was looked at.

A process that is forked imports nothing any more, lays out no schema, writes no constructor and parses no style sheet again, and
shares all of this with the others.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import pkgutil
import tempfile
from pathlib import Path
from typing import Final

import llama_storage_tui
from llama_storage_tui.demo.deployment import DEMOS
from llama_storage_tui.services.catalog import load_versions
from llama_storage_tui.tui.app import StorageApp
from llama_storage_tui.tui.dependencies import Dependencies
from tests.compiled import share_compiled
from tests.parsed import share_parsed

_DRIVERS: Final = ("asyncpg", "pymongo", "redis.asyncio", "sqlalchemy.ext.asyncio")
_VERSIONS: Final = (None, "0.2", "0.3", "0.7", "1.5")
_LOOKED_AT: Final = ((), ("w", "enter"), ("escape", "escape", "question_mark"))
"""A list, a response and help."""
_RUNNERS: Final = ("tests.move_runner", "tests.rotation_runner", "tests.transfer_runner")


def _import_all() -> None:
    for name in (*_DRIVERS, *_RUNNERS):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(llama_storage_tui.__path__, "llama_storage_tui."):
        importlib.import_module(module.name)


def _read_a_config() -> None:
    with tempfile.TemporaryDirectory() as folder:
        load_versions(DEMOS["catalog"](Path(folder)), _VERSIONS)


async def _look_at_an_app() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = {"HOME": folder, "XDG_STATE_HOME": folder}
        app = StorageApp(DEMOS["catalog"](Path(folder)), dependencies=Dependencies(environ=environ))
        async with app.run_test(size=(140, 42)) as pilot:
            for keys in _LOOKED_AT:
                await pilot.press(*keys)
                await app.workers.wait_for_complete()
                await pilot.pause()


_import_all()
share_compiled()
share_parsed()
_read_a_config()
asyncio.run(_look_at_an_app())
gc.collect()
gc.freeze()  # else each process would copy all of it, to count what refers to it
