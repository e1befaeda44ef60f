"""Connection tests of MongoDB, against a real server over the wire."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.datetime_ms import DatetimeMS

from llama_storage_tui.backends.mongodb.connecting import TIMES
from llama_storage_tui.backends.mongodb.keys import MongoKeyValueReader
from llama_storage_tui.backends.mongodb.pipelines import entry_of
from llama_storage_tui.backends.mongodb.probe import may_write
from llama_storage_tui.backends.mongodb.source import MongoSource
from llama_storage_tui.backends.mongodb.target import MongoTarget, mongo_login
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Count, KeyBranch, KeyEntry, KeySelection, Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.secrets import Secret
from tests.backends.mongodb.test_rules import ANSWER, privilege
from tests.mongo_servers import MongoDeployment, MongoServer, mongodb
from tests.patience import PATIENCE, PATIENT
from tests.rotation_setup import OLD
from tests.stores import LEAVES_SOCKETS, MongoStore, all_keys, reading

pytestmark = LEAVES_SOCKETS
CERTIFICATES = Path(__file__).parents[2] / "certificates"


@pytest.fixture
def leftovers() -> Iterator[None]:
    """Have sockets that PyMongo leaves of a refused handshake told of in this test, where LEAVES_SOCKETS is heard."""
    gc.freeze()
    yield
    gc.collect()


@pytest.fixture
def deployed(mongo_deployed: MongoDeployment) -> MongoDeployment:
    return mongo_deployed


def target_of(deployed: MongoDeployment, host: str = "127.0.0.1", **changes: Any) -> MongoTarget:  # noqa: ANN401 - fields
    login = mongo_login(host, deployed.server.port, deployed.role, Secret(OLD))
    return replace(login, database="stack", collection="kv", **changes)


async def probed(target: MongoTarget, *, connect: float = 5.0) -> Probe:
    reader = open_reader(target, timeouts=Timeouts(connect=connect))
    try:
        return await reader.probe()
    finally:
        await reader.close()


async def failure_of(target: MongoTarget, *, connect: float = 5.0) -> FailureKind:
    with pytest.raises(BackendError) as caught:
        await probed(target, connect=connect)
    assert OLD not in f"{caught.value.message} {caught.value.help} {caught.value.where}"
    return caught.value.failure


async def test_a_backend_is_described_and_nothing_is_made_by_it(deployed: MongoDeployment) -> None:
    before = deployed.server.run({"listDatabases": 1})["databases"]
    found = await probed(target_of(deployed))
    assert found.server is not None
    assert found.server.startswith("MongoDB ")
    assert found.user == f"{deployed.role}@admin"
    assert (found.tls, found.is_writable, found.warnings) == (None, True, ())
    assert found.details["server is"] == "the primary of set made-up"
    assert found.details["authentication database"] == "admin"
    assert 0 < found.latency_ms < 5000
    assert deployed.server.run({"listDatabases": 1})["databases"] == before


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"password": Secret("wrong")}, FailureKind.AUTHENTICATION),
        ({"user": "nobody"}, FailureKind.AUTHENTICATION),
        ({"password": None}, FailureKind.UNRESOLVED),
    ],
)
async def test_a_login_that_fails_is_told(
    deployed: MongoDeployment, changes: dict[str, Any], kind: FailureKind
) -> None:
    assert await failure_of(target_of(deployed, **changes)) is kind


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1:1", FailureKind.UNREACHABLE),
        ("no-such-host.invalid", FailureKind.UNKNOWN_HOST),
        ("é..invalid", FailureKind.UNKNOWN_HOST),
        (f"{'a' * 64}.invalid", FailureKind.UNKNOWN_HOST),
        ("mongodb://127.0.0.1/?tls=true", FailureKind.TIMEOUT),
        ("mongodb://127.0.0.1/?tls=true&tlsCAFile=/not/there", FailureKind.TLS),
        ("mongodb://127.0.0.1/?authSource=other", FailureKind.AUTHENTICATION),
    ],
)
async def test_a_server_that_cannot_be_reached_is_told(
    deployed: MongoDeployment, host: str, kind: FailureKind
) -> None:
    assert await failure_of(target_of(deployed, host), connect=1) is kind


async def test_a_server_that_does_not_answer_is_given_up_on_in_time(deployed: MongoDeployment) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        assert await failure_of(target_of(deployed, host), connect=1) is FailureKind.TIMEOUT
        assert time.monotonic() - started < 30  # what the driver would take


async def test_a_member_that_takes_no_changes_is_told(deployed: MongoDeployment) -> None:
    with deployed.server.stepped_down():
        found = await probed(target_of(deployed, "mongodb://127.0.0.1/?directConnection=true"))
    assert found.is_writable is False
    assert any("not the primary" in warning for warning in found.warnings)


async def test_keys_are_read_from_a_secondary_where_there_is_no_primary(mongo_store: MongoStore) -> None:
    mongo_store.fill({"ns:1": "x"})
    with mongo_store.server.stepped_down():
        async with reading(mongo_store.key_target()) as reader:
            page = await reader.key_values.page(KeySelection())
    assert [entry.key for entry in page.keys] == ["ns:1"]


@pytest.mark.usefixtures("leftovers")
async def test_tls_is_told_and_a_foreign_certificate_refused() -> None:
    with mongodb(str(CERTIFICATES / "server.crt"), str(CERTIFICATES / "server.key")) as secure:
        host = f"mongodb://localhost/?directConnection=true&tls=true&tlsCAFile={CERTIFICATES / 'ca.crt'}"
        login = replace(
            mongo_login(host, secure.port, "root", Secret("made-up-root")), database="d", collection="c"
        )
        assert (await probed(login)).tls == "TLS"
        foreign = mongo_login(
            host.replace("ca.crt", "other-ca.crt"), secure.port, "root", Secret("made-up-root")
        )
        # PyMongo itself tries again until its time is up.
        started = time.monotonic()
        assert await failure_of(foreign, connect=PATIENCE) is FailureKind.TLS
        assert time.monotonic() - started < PATIENCE / 2
        missing = mongo_login(host.replace("ca.crt", "gone.crt"), secure.port, "root", Secret("made-up-root"))
        assert await failure_of(missing) is FailureKind.TLS


async def test_a_test_tells_how_many_documents_there_are_and_what_their_indexes_do(
    mongo_store: MongoStore,
) -> None:
    mongo_store.fill({"ns:1": "x", "ns:2": "y"})
    bare = (await probed(mongo_store.key_target())).details
    with mongo_store.documents() as collection:
        collection.create_index("key", unique=True)
        collection.create_index("expiration", expireAfterSeconds=0)
    indexed = (await probed(mongo_store.key_target())).details
    missing = (await probed(replace(mongo_store.key_target(), database="nowhere"))).details
    assert bare["documents (estimate)"] == 2
    assert str(bare["index on key"]).startswith("none")
    assert str(bare["expired keys"]).startswith("stay")
    assert (indexed["index on key"], str(indexed["expired keys"]).split()[0]) == ("unique", "removed")
    assert missing["documents (estimate)"] == 0
    assert "index on key" not in missing


async def test_documents_whose_key_is_no_text_are_in_no_answer_whatever_the_key_holds(
    mongo_store: MongoStore,
) -> None:
    """A list is found by the conditions that one of its members meets."""
    mongo_store.fill({"ns:text": "x"})
    with mongo_store.documents() as collection:
        odd: list[object] = [
            ["ns:listed", "ns:text"],
            ["ns:a", 1],
            {"ns:a": 1},
            bson.ObjectId(),
            5,
            b"ns:",
            None,
        ]
        collection.insert_many([{"key": key, "value": "not listed"} for key in odd])
    ours = KeySelection(("ns:",))
    async with reading(mongo_store.key_target()) as reader:
        for selection in (ours, KeySelection((), ("ns:text:",)), KeySelection(("ns:", "other:"))):
            assert [entry.key for entry in await all_keys(reader, selection, limit=1)] == ["ns:text"]
            assert await reader.key_values.count(selection) == Count(1, is_exact=True)
        values = await reader.key_values.values_of(["ns:listed", "ns:text", "ns:a"])
        async with aclosing(reader.key_values.stream(ours)) as batches:
            streamed = [stored.entry.key async for batch in batches for stored in batch]
    source = MongoSource(mongo_store.key_target(), timeouts=Timeouts())
    moved = [row[0] async for batch in source.read("", ours) for row in batch.rows]
    assert [stored.entry.key for stored in values] == streamed == moved == ["ns:text"]


async def test_a_page_looks_at_a_part_of_a_large_collection_without_an_index(mongo_store: MongoStore) -> None:
    ids: list[object] = [*range(20), *(f"id{number:02}" for number in range(20)), bson.ObjectId()]
    with mongo_store.documents() as collection:
        collection.delete_many({})
        collection.insert_many(
            [
                {"_id": id_, "key": f"{'ns' if number % 2 else 'other'}:{len(ids) - number:02}", "value": "x"}
                for number, id_ in enumerate(ids)
            ]
        )
    ours = KeySelection(("ns:",))
    reader = MongoKeyValueReader(mongo_store.key_target(), PATIENT, whole=8)
    pages = [await reader.page(ours, limit=3)]
    while (after := pages[-1].next) is not None:
        pages.append(await reader.page(ours, limit=3, after=after))
    keys = [str(entry.key) for page in pages for entry in page.keys]
    assert sorted(keys) == [f"ns:{number:02}" for number in range(2, 41, 2)], "each once, whatever its _id"
    assert all([*page.keys] == sorted(page.keys, key=lambda entry: str(entry.key)) for page in pages)
    assert [page.is_complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert (pages[0].scanned, pages[0].total) == (8, len(ids))
    with pytest.raises(UsageError):
        await reader.page(KeySelection(("other:",)), limit=3, after=pages[0].next)
    assert (await reader.page(ours, limit=3, exact=True)).keys == tuple(
        sorted((entry for page in pages for entry in page.keys), key=lambda entry: str(entry.key))[:3]
    )
    with mongo_store.documents() as collection:
        collection.create_index("key", unique=True)
    assert [str(entry.key) for entry in (await reader.page(ours, limit=3)).keys] == [
        "ns:02",
        "ns:04",
        "ns:06",
    ]


async def test_a_level_says_how_much_of_a_large_collection_without_an_index_it_is_of(
    mongo_store: MongoStore,
) -> None:
    mongo_store.fill(
        {f"a:{number}": "x" for number in range(5)} | {"b": "x"} | {f"c:{n}": "x" for n in range(6)}
    )
    reader = MongoKeyValueReader(mongo_store.key_target(), PATIENT, whole=8)
    level = await reader.level(KeySelection(), separator=":")
    assert (level.is_complete, level.scanned, level.total) == (False, 8, 12)
    branches = {part.prefix: part.keys for part in level.parts if isinstance(part, KeyBranch)}
    assert branches == {"a:": Count(5, is_exact=False), "c:": Count(2, is_exact=False)}
    assert [part.key for part in level.parts if isinstance(part, KeyEntry)] == ["b"]
    for ready in (replace(reader, whole=12), reader):
        if ready is reader:
            with mongo_store.documents() as collection:
                collection.create_index("key", unique=True)
        level = await ready.level(KeySelection(), separator=":")
        assert (level.is_complete, level.total) == (True, None)
        assert len(level.parts) == 3


async def test_times_bytes_and_what_servers_never_write_are_shown(mongo_store: MongoStore) -> None:
    with mongo_store.documents() as collection:
        collection.insert_many(
            [
                {"key": "ns:bytes", "value": b"\x80", "expiration": None},
                {"key": "ns:document", "value": {"a": [1]}, "expiration": "no time"},
                {"key": "ns:future", "value": "x", "expiration": datetime(2999, 1, 1, tzinfo=UTC)},
                {"key": "ns:past", "value": "é", "expiration": datetime(2020, 1, 1, tzinfo=UTC)},
                {"key": b"\xff", "value": "not listed"},
                {"value": "without a key"},
            ]
        )
    async with reading(mongo_store.key_target()) as reader:
        entries = {entry.key: entry for entry in await all_keys(reader, KeySelection(), limit=2)}
        values = await reader.key_values.values_of(list(map(str, entries)), limit=100)
        counted = await reader.key_values.count(KeySelection())
    assert counted == Count(4, is_exact=True)
    assert list(entries) == ["ns:bytes", "ns:document", "ns:future", "ns:past"]
    assert [entry.bytes for entry in entries.values()] == [1, None, 1, 2]
    assert entries["ns:document"].expiration_text == "no time"
    assert entries["ns:future"].expires_at == datetime(2999, 1, 1, tzinfo=UTC)
    assert [key for key, entry in entries.items() if entry.is_expired] == ["ns:past"]
    assert [stored.value for stored in values] == [b"\x80", '{"a": [1]}', "x", "é"]


def test_a_time_beyond_the_last_date_is_shown_in_seconds() -> None:
    """As decoded by the client's options: the server of the tests cannot store such a time, as MongoDB's own can."""
    stored = bson.encode({"key": "ns:far", "bytes": 1, "expiration": DatetimeMS(2**60)})
    row = bson.decode(stored, CodecOptions[dict[str, Any]](datetime_conversion=TIMES))
    entry = entry_of(row, datetime.now(UTC))
    assert (entry.expires_at, entry.expiration_text, entry.is_expired) == (None, str(2**60 // 1000), False)


async def test_looking_makes_no_collection_and_a_missing_one_is_empty(mongo_store: MongoStore) -> None:
    target = replace(mongo_store.key_target(), database="nowhere")
    async with reading(target) as reader:
        assert (await reader.key_values.page(KeySelection())).keys == ()
        assert await reader.key_values.count(KeySelection()) == Count(0, is_exact=True)
        assert await reader.key_values.value("x") is None
    databases = mongo_store.server.run({"listDatabases": 1})["databases"]
    assert "nowhere" not in {found["name"] for found in databases}


async def test_a_user_without_the_right_to_read_is_told_so(
    mongo_server: MongoServer, mongo_store: MongoStore
) -> None:
    mongo_server.run({"createUser": "blind", "pwd": OLD, "roles": []})
    try:
        target = replace(mongo_store.key_target(), user="blind", password=Secret(OLD))
        async with reading(target) as reader:
            with pytest.raises(BackendError) as caught:
                await reader.key_values.page(KeySelection())
    finally:
        mongo_server.run({"dropUser": "blind"})
    assert caught.value.failure is FailureKind.PERMISSION


async def test_a_page_that_takes_too_long_ends_at_the_time_limit(
    mongo_server: MongoServer, mongo_store: MongoStore
) -> None:
    mongo_store.fill({"ns:1": "x"})
    with mongo_server.failing(failCommands=["aggregate"], errorCode=50):
        async with reading(mongo_store.key_target()) as reader:
            with pytest.raises(BackendError) as caught:
                await reader.key_values.page(KeySelection())
    assert caught.value.failure is FailureKind.TIMEOUT


async def test_a_login_alone_has_no_keys_and_a_collection_no_tables(deployed: MongoDeployment) -> None:
    login = open_reader(replace(target_of(deployed), collection=None))
    with pytest.raises(BackendError, match="rows is not built in"):
        assert login.key_values
    with pytest.raises(UsageError, match="keys, not tables"):
        assert open_reader(target_of(deployed)).tables


@pytest.mark.parametrize(
    ("privileges", "may"),
    [
        ((privilege("stack", "insert", "update", "remove", "find"),), True),
        ((privilege("stack", "insert", "update", "remove", collection="kv"),), True),
        ((privilege("stack", "insert", "update"), privilege("", "remove")), True),
        ((privilege("stack", "insert", "update", "remove", collection="other"),), False),
        ((privilege("stack", "find"),), False),
        (({"resource": {"anyResource": True}, "actions": ["insert", "update", "remove"]},), True),
        ((), None),
    ],
)
def test_whether_a_server_could_write_is_told_by_privileges(
    privileges: tuple[dict[str, Any], ...], *, may: bool | None
) -> None:
    target = replace(mongo_login("h", 1, "app"), database="stack", collection="kv")
    assert may_write(replace(ANSWER, roles=(), privileges=privileges), target) is may
