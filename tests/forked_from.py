"""What the processes of tests/fork_server.py are forked from: all of the program and of its drivers, and a config read and judged.

A process that is forked imports nothing any more, lays out no schema again, and shares all of this with the others.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import tempfile
from pathlib import Path
from typing import Final

import llama_storage_tui
from llama_storage_tui.demo.deployment import DEMOS
from llama_storage_tui.services.catalog import load_versions
from tests.compiled import share_compiled

_DRIVERS: Final = ("asyncpg", "pymongo", "redis.asyncio", "sqlalchemy.ext.asyncio")
_VERSIONS: Final = (None, "0.2", "0.3", "0.7", "1.5")
_RUNNERS: Final = ("tests.move_runner", "tests.rotation_runner", "tests.transfer_runner")


def _import_all() -> None:
    for name in (*_DRIVERS, *_RUNNERS):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(llama_storage_tui.__path__, "llama_storage_tui."):
        importlib.import_module(module.name)


def _read_a_config() -> None:
    with tempfile.TemporaryDirectory() as folder:
        load_versions(DEMOS["catalog"](Path(folder)), _VERSIONS)


_import_all()
_read_a_config()
share_compiled()
gc.collect()
gc.freeze()  # else each process would copy all of it, to count what refers to it
