"""A kv_mongodb host as servers read it: every row was compared with pymongo 4.20's own client."""

from __future__ import annotations

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from llama_storage_tui.backends.mongodb.uri import parse_host
from llama_storage_tui.config.edit.uri import decode_password, encode_password, password_span

HOSTS = [
    "db",
    "DB.Internal:27018",
    "db1:1,db2",
    "[::1]:2",
    "mongodb://db",
    "mongodb://db1:1,db2/",
    "mongodb://[::1]/stack",
    "mongodb://db/stack.collection?w=1",
    "mongodb://db/stack?authSource=people",
    "mongodb://db/?AUTHSOURCE=people&authMechanism=SCRAM-SHA-256",
    "mongodb://db/a%2Bb",
    "mongodb://us%40er:p%40ss+word@db/?tls=true",
    "mongodb://%2Ftmp%2Fmongodb-27017.sock/?authSource=x",
]


@pytest.mark.parametrize("host", HOSTS)
def test_seeds_and_authentication_database_are_those_of_the_driver(host: str) -> None:
    found = parse_host(host, 5)
    client: MongoClient[dict[str, object]] = MongoClient(host, 5, username="u", password="p", connect=False)
    with client:
        credential = client.options.pool_options._credentials
        assert credential is not None
        assert credential.source == found.auth_source
        assert found.mechanism in (None, credential.mechanism)
        seeds = {(name, port or 5) for name, port in client._topology_settings.seeds}
        assert seeds == set(found.seeds)


def test_a_login_in_the_uri_is_taken_out_and_decoded() -> None:
    found = parse_host("mongodb://us%40er:p%40ss+word@db:3/stack?tls=true")
    assert (found.user, found.password) == ("us@er", "p@ss word")
    assert found.host == "mongodb://db:3/stack?tls=true"
    assert found.uses_tls
    assert "word" not in repr(found)


def test_fields_take_the_place_of_a_login_in_the_uri_even_where_they_are_empty() -> None:
    """Why a login inside `host` is no place of a password: servers pass both fields, always."""
    client: MongoClient[dict[str, object]] = MongoClient(
        "mongodb://user:word@db", username=None, password=None, connect=False
    )
    with client:
        assert client.options.pool_options._credentials is None


def test_names_of_dns_lists_have_no_port() -> None:
    found = parse_host("mongodb+srv://Cluster0.Example.net/?authSource=people")
    assert found.seeds == (("cluster0.example.net", 0),)
    assert found.uses_tls
    assert not parse_host("mongodb+srv://c.example.net/?tls=false").uses_tls


@pytest.mark.parametrize(
    "host",
    ["user:word@db", "/run/x.sock", "mongodb://", "mongodb://u:p@ss@db", "db:port", "db:70000", "[::1"],
)
def test_what_the_driver_refuses_is_refused_without_quoting_it(host: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|lacks) ") as caught:
        parse_host(host)
    assert "word" not in str(caught.value)
    with pytest.raises((PyMongoError, ValueError)):
        MongoClient(host, connect=False)


@pytest.mark.parametrize("password", ["p@ss", "a+b", "50%", "Ü é", "a b", "~x", "x" * 32])
def test_a_password_survives_a_uri(password: str) -> None:
    uri = f"mongodb://user:{encode_password(password)}@h1:1,h2/db?authSource=admin"
    span = password_span(uri)
    assert span is not None
    assert decode_password(uri, span) == password
    assert parse_host(uri).password == password
