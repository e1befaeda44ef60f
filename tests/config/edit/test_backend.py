"""The entry of a backend that gets another type."""

from __future__ import annotations

import pytest

from llama_storage_tui.config.edit.backend import with_backend

POSTGRES = ("type", "namespace", "host", "port", "db", "user", "password", "table_name", "pool_size")
CONFIG = """storage:
  backends:
    kv:  # keys
      type: {type}
      namespace: n
      host: old.example  # there
      port: 6379
      user: stack
      password: ${{env.OLD}}
"""


@pytest.mark.parametrize("type_", ["kv_redis", "kv_mongodb"])
def test_where_another_engine_is_and_its_password_do_not_go_to_the_new_one(type_: str) -> None:
    found = with_backend(CONFIG.format(type=type_), "x", "kv", "kv_postgres", {"host": "db"}, POSTGRES)
    assert found == (
        "storage:\n  backends:\n    kv:  # keys\n      type: kv_postgres\n      namespace: n\n      host: db  # there\n"
    )


def test_what_a_server_of_the_same_engine_needs_stays() -> None:
    found = with_backend(
        CONFIG.format(type="kv_postgres"), "x", "kv", "kv_postgres", {"host": "db"}, POSTGRES
    )
    assert found == CONFIG.format(type="kv_postgres").replace("old.example", "db")
