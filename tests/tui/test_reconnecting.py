"""Servers that stop and start again under the open app: what was read stays with its age, and the next action connects anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from llama_storage_tui.services.catalog import Opened, load
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.app import Dependencies
from tests.servers import PASSWORD, ROLE, Server, postgres
from tests.tui.gallery import NOWHERE, WIDE, GalleryApp, Stage

CONFIG = """
version: 2
distro_name: made-up
apis: []
providers:
  responses:
  - provider_id: builtin
    provider_type: inline::builtin
    config:
      persistence:
        agent_state: {backend: kv, namespace: agents}
        responses: {backend: sql, table_name: responses}
storage:
  backends:
    kv: {type: kv_postgres, host: 127.0.0.1, port: %(port)s, db: llamastack, user: %(role)s, password: '${env.PW}', table_name: keys}
    sql: {type: sql_postgres, host: 127.0.0.1, port: %(port)s, db: llamastack, user: %(role)s, password: '${env.PW}'}
  stores:
    metadata: {backend: kv, namespace: registry}
    conversations: {backend: sql, table_name: openai_conversations}
"""
AGE = "What is shown was read less than a minute ago."


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    with postgres() as server:
        server.execute(
            "CREATE TABLE keys (key text PRIMARY KEY, value text, expiration timestamptz);"
            "INSERT INTO keys VALUES ('registry:first', '{}', NULL), ('agents:agent:a', '{}', NULL);"
            "CREATE TABLE openai_conversations (id varchar PRIMARY KEY, created_at integer, items json, metadata json,"
            " owner_principal varchar, access_attributes json);"
            "INSERT INTO openai_conversations VALUES ('conv_first', 1, '[]', '{}', '', 'null');"
            f"ALTER TABLE keys OWNER TO {ROLE}; ALTER TABLE openai_conversations OWNER TO {ROLE}"
        )
        yield server


@asynccontextmanager
async def opened(server: Server, folder: Path) -> AsyncIterator[Stage]:
    path = folder / "config.yaml"
    path.write_text(CONFIG % {"port": server.port, "role": ROLE})
    catalog = load(LoadRequest(str(path), environ={"HOME": str(folder), "PW": PASSWORD}, version="1.5.0"))

    async def opening(_request: LoadRequest) -> Opened:
        return Opened(catalog)

    dependencies = Dependencies(
        load=opening,
        open_session=Session,
        log_folder=lambda: NOWHERE,
        folder=lambda: folder,
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(NOWHERE / "config.toml")},
    )
    app = GalleryApp(LoadRequest("config.yaml", environ={}), dependencies=dependencies)
    async with app.run_test(size=WIDE) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        yield found


@pytest.mark.parametrize(
    ("keys", "there"),
    [
        (("enter",), "registry"),
        (("enter", "end", "up", "enter"), "registry:first"),
        (("down", "enter"), "openai_conversations"),
        (("down", "enter", "down", "enter"), "conv_first"),
        (("C",), "conv_first"),
        (("O",), "conversations"),
    ],
    ids=["namespaces", "keys", "tables", "rows", "conversations", "objects"],
)
async def test_a_list_stays_with_its_age_while_the_server_is_away_and_is_read_anew_when_it_is_back(
    own_server: Server, tmp_path: Path, keys: tuple[str, ...], there: str
) -> None:
    async with opened(own_server, tmp_path) as found:
        await found.press(*keys)
        assert there in found.text
        with own_server.stopped():
            await found.press("ctrl+r")
            assert there in found.text
            assert AGE in found.text
        await found.press("ctrl+r")
        assert there in found.text
        assert AGE not in found.text
