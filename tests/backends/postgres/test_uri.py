"""A connection_string is read as asyncpg reads it, to which servers hand it: hosts, sockets, settings of the session."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.postgres.uri import UnreadableUriError, read_uri
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from tests import fronts
from tests.servers import PASSWORD, ROLE, Server
from tests.stores import PostgresStore, reading

CONFIG = """
version: 2
distro_name: made-up
storage:
  backends:
    sql: {type: sql_postgres, connection_string: '${env.URI}'%s}
    kv: {type: kv_postgres, connection_string: '${env.URI}', table_name: keys%s}
"""


def catalog_of(path: Path, uri: str, more: str = "") -> Catalog:
    config = path / "config.yaml"
    config.write_text(CONFIG % (more, more))
    return load(LoadRequest(str(config), environ={"HOME": str(path), "URI": uri}, version="1.5.0"))


def target_of(path: Path, uri: str, more: str = "", name: str = "sql") -> PostgresTarget:
    backend = catalog_of(path, uri, more).backend(name)
    target = None if backend is None else backend.target
    assert isinstance(target, PostgresTarget)
    return target


def uri_of(server: Server, database: str, hosts: str | None = None, query: str = "") -> str:
    login = f"{quote(ROLE, safe='')}:{quote(PASSWORD, safe='')}"
    return f"postgresql://{login}@{hosts or f'127.0.0.1:{server.port}'}/{database}{query}"


@pytest.mark.parametrize(
    ("uri", "hosts"),
    [
        ("postgresql://u@h/d", (("h", 5432),)),
        ("postgresql://u@h1,h2:6/d", (("h1", 5432), ("h2", 6))),
        ("postgresql://u:p@[::1]:6,[fe80::2],h/d", (("::1", 6), ("fe80::2", 5432), ("h", 5432))),
        ("postgresql://u@%2FRun%2FPostgres:6/d", (("/Run/Postgres", 6),)),
        ("postgresql://u@/d?host=/run,h&port=6,7", (("/run", 6), ("h", 7))),
        ("postgresql://u@/d?host=h1,h2&port=6", (("h1", 6), ("h2", 6))),
        ("postgresql://u@h/d?host=other&port=7", (("h", 5432),)),
    ],
)
def test_hosts_are_read_in_their_order(uri: str, hosts: tuple[tuple[str, int], ...]) -> None:
    assert read_uri(uri).hosts == hosts


@pytest.mark.parametrize(
    "uri",
    [
        "mysql://u@h/d",
        "postgresql://u@h:port/d",
        "postgresql://u@h1,/d",
        "postgresql://u@[::1/d",
        "postgresql://u@/d?host=a,b&port=1,2,3",
        "postgresql://u@h/d?sslmode",
        "postgresql://u@h/d?target_session_attrs=best",
    ],
)
def test_what_asyncpg_refuses_is_refused_without_its_content(uri: str) -> None:
    with pytest.raises(UnreadableUriError) as caught:
        read_uri(uri)
    assert str(caught.value) == ""


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_what_was_encoded_is_decoded(text: str) -> None:
    word = quote(text, safe="")
    found = read_uri(f"postgresql://{word}:{word}@h/{word}?options={word}")
    assert (found.user, found.password, found.database) == (text, text, text)
    assert found.settings == (("options", text),)


def test_options_of_a_uri_are_taken_apart() -> None:
    found = read_uri(
        "postgresql://u@h/d?sslmode=require&search_path=a&options=-c%20x%3Dy&application_name=n&sslmode=prefer"
    )
    assert dict(found.options) == {"sslmode": "prefer"}
    assert found.settings == (("search_path", "a"), ("options", "-c x=y"), ("application_name", "n"))


async def test_keys_of_the_schema_that_options_name_are_read(
    postgres_store: PostgresStore, tmp_path: Path
) -> None:
    postgres_store.server.execute(
        "CREATE SCHEMA other; CREATE TABLE other.keys (key text PRIMARY KEY, value text, expiration timestamptz);"
        f"INSERT INTO other.keys VALUES ('ns:1', '{{}}', NULL); GRANT ALL ON SCHEMA other TO {ROLE};"
        f"GRANT ALL ON other.keys TO {ROLE}",
        database=postgres_store.database,
    )
    server = postgres_store.server
    for query in (
        "?options=-csearch_path%3Dother",
        "?options=-c%20search_path%3Dother,public",
        "?search_path=other",
    ):
        target = target_of(tmp_path, uri_of(server, postgres_store.database, query=query), name="kv")
        async with reading(target) as reader:
            page = await reader.key_values.page(KeySelection())
            assert [entry.key for entry in page.keys] == ["ns:1"]
            assert [table.name for table in await reader.tables.tables()] == ["keys"]
    without = target_of(tmp_path, uri_of(server, postgres_store.database), name="kv")
    async with reading(without) as reader:
        with pytest.raises(NotFoundError):
            await reader.key_values.page(KeySelection())
    # A role's own search_path, which servers of any version follow.
    server.execute(f"ALTER ROLE {ROLE} IN DATABASE {postgres_store.database} SET search_path = other")
    async with reading(without) as reader:
        assert [entry.key for entry in (await reader.key_values.page(KeySelection())).keys] == ["ns:1"]


async def test_a_socket_and_a_dead_host_in_one_uri(postgres_server: Server, tmp_path: Path) -> None:
    socket = quote(str(postgres_server.socket_directory), safe="")
    for hosts in (f"{socket}:{postgres_server.port}", f"127.0.0.1:1,{socket}:{postgres_server.port}"):
        target = target_of(tmp_path, uri_of(postgres_server, "llamastack", hosts))
        async with reading(target) as reader:
            assert (await reader.probe()).user == ROLE


async def test_the_certificate_is_checked_with_the_uris_own_file_or_the_field(
    postgres_server: Server, tmp_path: Path
) -> None:
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        for mode, ca, more, is_checked in (
            ("?sslmode=verify-full&sslrootcert={}", fronts.CA, "", True),
            ("?sslmode=verify-full&sslrootcert={}", fronts.OTHER_CA, "", False),
            ("?sslmode=require&sslrootcert={}", fronts.OTHER_CA, "", False),
            ("", fronts.CA, ", ssl_mode: verify-full, ca_cert_path: '{}'", True),
            ("", fronts.OTHER_CA, ", ssl_mode: verify-full, ca_cert_path: '{}'", False),
            # Both servers hand the word alone to asyncpg, which checks nothing for it.
            ("", fronts.OTHER_CA, ", ssl_mode: require, ca_cert_path: '{}'", True),
        ):
            uri = uri_of(
                postgres_server, "llamastack", f"localhost:{port}", mode.format(quote(str(ca), safe=""))
            )
            for name in ("sql", "kv"):
                async with reading(target_of(tmp_path, uri, more.format(ca), name)) as reader:
                    if is_checked:
                        assert (await reader.probe()).tls is not None
                    else:
                        with pytest.raises(BackendError, match="certificate"):
                            await reader.probe()


def test_a_place_of_several_hosts_names_them_all(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "postgresql://u:hidden-word@h1,[::1]:6/d")
    assert catalog.backends[0].location == "postgresql://h1:5432,[::1]:6/d"
