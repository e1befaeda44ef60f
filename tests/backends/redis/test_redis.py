"""A kv_redis backend on real servers: how it is found, tested and read, without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.backends.redis.commands import Command, WriteCommand
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.keys import RedisKeyValueReader
from llama_storage_tui.backends.redis.probe import RedisAnswer
from llama_storage_tui.backends.redis.scanning import pattern_of
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Count, Cursor, KeyEntry, KeySelection, Probe
from llama_storage_tui.secrets import Secret
from tests.patience import PATIENT
from tests.ports import free_port
from tests.redis_servers import RedisServer, needed, redis_process
from tests.stores import RedisStore, all_keys, reading

EVERYTHING = KeySelection()
PASSWORD = "p@ss:w/o%rd #1"


async def probed(target: RedisTarget) -> Probe:
    async with reading(target) as reader:
        return await reader.probe()


async def failure_of(target: RedisTarget | PostgresTarget) -> BackendError:
    async with reading(target, connect=2.0) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.key_values.page(EVERYTHING)
        with pytest.raises(BackendError) as again:
            await reader.probe()
    assert caught.value.message == again.value.message
    return caught.value


@pytest.fixture(scope="module")
def with_password() -> Iterator[RedisServer]:
    needed()
    with redis_process("--requirepass", PASSWORD) as server:
        yield server


# What a test says


async def test_a_test_names_version_role_memory_persistence_keys_and_clients(redis_store: RedisStore) -> None:
    redis_store.fill({"a:1": "x", "b:1": "y"})
    probe = await probed(redis_store.server.target())
    assert probe.server is not None
    assert probe.server == f"Redis {redis_store.server.client.info()['redis_version']}"
    assert probe.is_writable is True
    details = probe.details
    assert details["role"] == "primary"
    assert details["keys in db 0"] == 2
    assert details["eviction policy"] == "noeviction"
    assert details["maxmemory bytes"] == "none"
    assert details["persistence"] == "RDB: off; AOF: off"
    clients = details["connected clients"]
    assert isinstance(clients, int)
    assert clients >= 1
    assert not probe.obstacles
    assert "lost when the server restarts" in " ".join(probe.warnings)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("allkeys-lru", "removes keys on its own (allkeys-lru)"),
        ("allkeys-random", "removes keys on its own (allkeys-random)"),
        ("volatile-ttl", "keys that have an expiry"),
        ("noeviction", None),
    ],
)
async def test_a_policy_that_removes_keys_is_a_warning_where_memory_is_limited(
    redis_store: RedisStore, policy: str, words: str | None
) -> None:
    server = redis_store.server
    server.said("CONFIG", "SET", "maxmemory-policy", policy)
    try:
        assert "memory is full" not in " ".join((await probed(server.target())).warnings)
        server.said("CONFIG", "SET", "maxmemory", "200mb")
        warnings = " ".join((await probed(server.target())).warnings)
    finally:
        server.said("CONFIG", "SET", "maxmemory", "0")
        server.said("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert ("memory is full" in warnings) is (words is not None)
    assert words is None or words in warnings


async def test_a_server_that_saves_is_not_warned_of(redis_store: RedisStore) -> None:
    server = redis_store.server
    for setting, value, before in (("save", "900 1", ""), ("appendonly", "yes", "no")):
        server.said("CONFIG", "SET", setting, value)
        probe = await probed(server.target())
        server.said("CONFIG", "SET", setting, before)
        assert "restart" not in " ".join(probe.warnings)
        assert ("900 1" if setting == "save" else "AOF: on") in str(probe.details["persistence"])


def test_what_speaks_the_protocol_is_called_by_its_own_name() -> None:
    valkey = {"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.0"}
    assert RedisAnswer(valkey, 0, "").server == "Valkey 8.1.0"
    assert RedisAnswer({"redis_version": "7.4.1"}, 0, "").server == "Redis 7.4.1"


async def test_a_replica_is_read_and_named_as_what_servers_cannot_write_to(redis_store: RedisStore) -> None:
    redis_store.fill({"ns:1": "x"})
    with redis_process("--replicaof", "127.0.0.1", str(redis_store.server.port)) as replica:
        while replica.said("INFO", "replication")["master_link_status"] != "up":
            pass
        probe = await probed(replica.target())
        async with reading(replica.target()) as reader:
            assert [entry.key for entry in await all_keys(reader, EVERYTHING)] == ["ns:1"]
    assert probe.is_writable is False
    assert probe.details["role"] == "replica"
    (obstacle,) = probe.obstacles
    assert obstacle.kind is FailureKind.READ_ONLY
    assert f"its primary is 127.0.0.1:{redis_store.server.port}" in obstacle.message


async def test_a_replica_that_lost_its_primary_and_gives_no_stale_answers_says_so() -> None:
    needed()
    nowhere = str(free_port())
    with redis_process("--replicaof", "127.0.0.1", nowhere, "--replica-serve-stale-data", "no") as replica:
        async with reading(replica.target()) as reader:
            with pytest.raises(BackendError, match="lost its primary"):
                await reader.key_values.page(EVERYTHING)


async def test_a_node_of_a_cluster_is_named_and_a_foreign_key_is_no_crash() -> None:
    needed()
    with redis_process("--cluster-enabled", "yes") as node:
        node.said("CLUSTER", "ADDSLOTS", *range(100))
        while node.said("CLUSTER", "INFO") is None:
            pass
        probe = await probed(node.target())
        async with reading(node.target()) as reader:
            with pytest.raises(BackendError, match="Cluster"):
                await reader.key_values.value("foo")
    assert probe.is_writable is False
    assert [obstacle.kind for obstacle in probe.obstacles] == [FailureKind.UNSUPPORTED]
    assert "MOVED" in probe.obstacles[0].message


async def test_a_server_that_is_still_loading_says_so(redis_store: RedisStore) -> None:
    server = redis_store.server
    redis_store.fill({f"ns:{number}": "x" * 20_000 for number in range(2_000)})
    server.said("CONFIG", "SET", "rdbcompression", "no")
    server.said("SAVE")
    dump = (server.folder / "dump.rdb").read_bytes()
    # It answers once for every 2 MB that it has loaded.
    with redis_process("--key-load-delay", "2000", dump=dump) as loading:
        async with reading(loading.target(), connect=20, query=20) as reader:
            with pytest.raises(BackendError, match="still loading") as caught:
                await reader.key_values.page(EVERYTHING)
    assert caught.value.failure is FailureKind.UNREACHABLE


async def test_a_sentinel_is_named_instead_of_looking_like_an_empty_store(redis_server: RedisServer) -> None:
    watched = f"sentinel monitor main 127.0.0.1 {redis_server.port} 1\n"
    with redis_process(sentinel=watched) as sentinel:
        error = await failure_of(sentinel.target())
    assert error.failure is FailureKind.UNSUPPORTED
    assert "This is a Sentinel" in error.message
    assert "primary" in help_words(error.help)


# Logging in


async def test_a_server_that_wants_a_password_gets_the_sentence_about_the_fields(
    with_password: RedisServer,
) -> None:
    error = await failure_of(with_password.target())
    assert error.failure is FailureKind.AUTHENTICATION
    assert "wants a password" in error.message
    assert "no field for a password, TLS or a database number" in help_words(error.help)
    assert ":PASSWORD@HOST" in help_words(error.help)


async def test_a_password_in_front_of_the_host_logs_in_and_a_wrong_one_is_refused(
    with_password: RedisServer, redis_server: RedisServer
) -> None:
    assert (await probed(with_password.target(password=Secret(PASSWORD)))).user == "default"
    wrong = await failure_of(with_password.target(password=Secret("made-up-wrong")))
    assert wrong.failure is FailureKind.AUTHENTICATION
    assert "in front of the host" in wrong.message
    # As redis-py 8 does it for a server, which names the user; earlier ones were refused here.
    needless = await probed(redis_server.target(password=Secret("made-up-wrong")))
    assert needless.user == "default"
    assert "made-up-wrong" not in f"{wrong.message}{wrong.help}{wrong.__cause__}"


async def test_nobody_listening_is_unreachable_and_an_unknown_host_is_unknown() -> None:
    assert (await failure_of(RedisTarget("127.0.0.1", free_port()))).failure is FailureKind.UNREACHABLE
    assert (await failure_of(RedisTarget("no-such-host.invalid", 6379))).failure is FailureKind.UNKNOWN_HOST


@pytest.mark.parametrize("host", ["é..invalid", f"{'a' * 64}.invalid"])
async def test_a_host_that_can_be_no_name_is_unknown(host: str) -> None:
    postgres = PostgresTarget(host=host, port=5432, database="d", user="u", password=Secret("p"), table="t")
    for target in (RedisTarget(host, 6379), postgres):
        assert (await failure_of(target)).failure is FailureKind.UNKNOWN_HOST


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$x\r\n", b"*-\r\n", b":\xff\r\n"])
async def test_a_server_of_another_protocol_is_told_from_redis(said: bytes) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        error = await failure_of(RedisTarget("127.0.0.1", server.sockets[0].getsockname()[1]))
    assert error.failure is FailureKind.UNREACHABLE


async def test_a_silent_server_times_out() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    target = RedisTarget("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server, reading(target, connect=0.3) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.probe()
    assert caught.value.failure is FailureKind.TIMEOUT


# Reading


async def test_a_time_to_live_is_shown_as_the_second_at_which_the_key_expires(
    redis_store: RedisStore,
) -> None:
    redis_store.fill({"ns:never": "1"})
    redis_store.server.said("SET", "ns:soon", "1", "EX", 60)
    redis_store.server.said("EXPIREAT", "ns:soon", int(datetime(2999, 1, 1, tzinfo=UTC).timestamp()))
    async with reading(redis_store.key_target()) as reader:
        found = {entry.key: entry.expires_at for entry in (await reader.key_values.page(EVERYTHING)).keys}
        value = await reader.key_values.value("ns:soon")
    assert found == {"ns:never": None, "ns:soon": datetime(2999, 1, 1, tzinfo=UTC)}
    assert value is not None
    assert value.entry.expires_at == found["ns:soon"]


@pytest.mark.parametrize("milliseconds", [253_402_300_800_000, 9 * 10**18])
async def test_an_expiry_beyond_the_last_date_is_shown_in_seconds(
    redis_store: RedisStore, milliseconds: int
) -> None:
    redis_store.fill({"ns:far": "1"})
    redis_store.server.said("PEXPIREAT", "ns:far", milliseconds)
    async with reading(redis_store.key_target()) as reader:
        (entry,) = (await reader.key_values.page(EVERYTHING)).keys
        value = await reader.key_values.value("ns:far")
    assert (entry.expires_at, entry.expiration_text, entry.is_expired) == (
        None,
        str(milliseconds // 1000),
        False,
    )
    assert value is not None
    assert value.entry.expiration_text == entry.expiration_text


async def test_what_is_no_string_or_no_text_is_shown_and_no_crash(redis_store: RedisStore) -> None:
    server = redis_store.server
    server.said("HSET", "ns:hash", "a", "1")
    server.said("SET", b"\xff\xfe", b"\x80\x81")
    server.said("SET", "ns:text", "x")
    async with reading(redis_store.key_target()) as reader:
        assert {entry.key for entry in await all_keys(reader, EVERYTHING)} == {
            "ns:hash",
            "ns:text",
            b"\xff\xfe",
        }
        assert [entry.key for entry in await all_keys(reader, KeySelection((), ("ns:",)))] == [b"\xff\xfe"]
        binary = await reader.key_values.value(b"\xff\xfe", limit=10)
        hashed = await reader.key_values.value("ns:hash")
        async with aclosing(reader.key_values.stream(EVERYTHING)) as batches:
            streamed = {stored.entry.key: stored async for batch in batches for stored in batch}
    assert binary is not None
    assert binary.value == b"\x80\x81"
    assert hashed is not None
    assert (hashed.value, hashed.other_type) == (None, "hash")
    assert (streamed["ns:text"].value, streamed["ns:hash"].other_type) == ("x", "hash")
    assert len(streamed) == 3


async def test_a_large_database_is_scanned_window_by_window_each_key_once_and_says_how_far(
    redis_store: RedisStore,
) -> None:
    redis_store.fill(
        {f"ns:{number}": "x" for number in range(5_000)} | {f"other:{n}": "x" for n in range(5_000)}
    )
    connection = RedisConnection(redis_store.server.target(), PATIENT)
    reader = RedisKeyValueReader(connection, PATIENT, whole=100, budget=3_000, window=500)
    selection = KeySelection(("ns:",))
    keys: list[KeyEntry] = []
    after: Cursor | None = None
    pages = 0
    while True:
        page = await reader.page(selection, limit=300, after=after)
        assert [entry.key for entry in page.keys] == sorted(str(entry.key) for entry in page.keys)
        assert page.total == 10_000
        assert page.is_complete is (page.next is None)
        assert 0 < page.scanned <= 3_000
        keys += page.keys
        pages += 1
        after = page.next
        if after is None:
            break
    whole = await reader.page(selection, limit=10_000, exact=True)
    assert [entry.key for entry in whole.keys] == sorted(f"ns:{number}" for number in range(5_000))
    assert (whole.is_complete, whole.next) == (True, None)
    first = await reader.page(selection, limit=2, exact=True)
    second = await reader.page(selection, limit=2, after=first.next)
    assert [entry.key for entry in (*first.keys, *second.keys)] == ["ns:0", "ns:1", "ns:10", "ns:100"]
    streamed: list[object] = []
    async with aclosing(reader.stream(selection)) as batches:
        async for batch in batches:
            streamed += [stored.entry.key for stored in batch]
    await connection.close()
    assert pages > 5_000 // 300
    expected = sorted(f"ns:{number}" for number in range(5_000))
    assert sorted(str(entry.key) for entry in keys) == expected
    assert sorted(map(str, streamed)) == expected


async def test_a_fast_count_of_a_large_database_is_an_estimate_and_an_exact_one_is_not(
    redis_store: RedisStore,
) -> None:
    redis_store.fill({f"ns:{number}": "x" for number in range(60_000)})
    redis_store.server.client.mset({f"other:{number}": "x" for number in range(60_000)})
    async with reading(redis_store.key_target()) as reader:
        fast = await reader.key_values.count(KeySelection(("ns:",)), fast=True)
        exact = await reader.key_values.count(KeySelection(("ns:",)))
        everything = await reader.key_values.count(EVERYTHING, fast=True)
    assert not fast.is_exact
    assert 50_000 < fast.value < 70_000
    assert exact == Count(60_000, is_exact=True)
    assert everything == Count(120_000, is_exact=True)


async def test_a_key_that_the_scan_gives_again_after_the_table_shrank_is_shown_once(
    redis_store: RedisStore,
) -> None:
    names = [f"ns:{number}" for number in range(12_000)]
    redis_store.fill(dict.fromkeys(names, "x"))
    connection = RedisConnection(redis_store.server.target(), PATIENT)
    reader = RedisKeyValueReader(connection, PATIENT, whole=100, budget=2_000, window=1_000)
    page = await reader.page(EVERYTHING, limit=10_000)
    shown = [entry.key for entry in page.keys]
    kept = set(names[::12]) | {str(key) for key in shown[:200]}
    redis_store.server.client.delete(*(name for name in names if name not in kept))
    while page.next is not None:
        page = await reader.page(EVERYTHING, limit=10_000, after=page.next)
        shown += [entry.key for entry in page.keys]
    await connection.close()
    assert len(shown) == len(set(shown))
    assert kept <= set(map(str, shown))


@given(st.text(alphabet="ab*?[]\\^-:é", max_size=6))
def test_a_prefix_of_any_letters_matches_itself_alone(text: str) -> None:
    pattern = pattern_of(text)
    assert pattern.endswith(b"*")
    plain, special = bytearray(), iter(pattern[:-1])
    for byte in special:
        plain.append(next(special) if byte == ord("\\") else byte)
        assert byte not in b"*?[]"
    assert bytes(plain) == text.encode()


async def test_prefixes_with_letters_of_patterns_find_what_begins_with_them(redis_store: RedisStore) -> None:
    keys = ["a[1]x:1", "a1x:1", "a*:1", "ab:1", "a?:1", "a\\:1", "a^:1"]
    redis_store.fill(dict.fromkeys(keys, "v"))
    async with reading(redis_store.key_target()) as reader:
        for key in keys:
            found = await all_keys(reader, KeySelection((key[:-1],)))
            assert [entry.key for entry in found] == [key]
            assert await reader.key_values.count(KeySelection((key[:-1],))) == Count(1, is_exact=True)


# Traces


async def test_looking_at_keys_leaves_their_idle_time_as_it_was(redis_store: RedisStore) -> None:
    server = redis_store.server
    redis_store.fill({"ns:1": "x", "ns:2": "y"})
    # A restored key has been idle for as long as one says: nothing needs to be waited for.
    dumped = server.said("DUMP", "ns:1")
    server.said("RESTORE", "ns:1", 0, dumped, "REPLACE", "IDLETIME", 5_000)
    async with reading(redis_store.key_target()) as reader:
        await reader.probe(thorough=True)
        await all_keys(reader, EVERYTHING)
        await all_keys(reader, KeySelection(("ns:",)), prefix="ns:")
        await reader.key_values.count(KeySelection(("ns:",)))
        await reader.key_values.count(KeySelection(("ns:",)), fast=True)
        assert server.said("OBJECT", "IDLETIME", "ns:1") >= 5_000
        names = {client["name"] for client in server.client.client_list()}
    assert SESSION_NAME in names
    assert server.said("ACL", "LOG") == []


async def test_a_user_who_may_only_read_is_enough_and_what_it_may_not_ask_is_not_told(
    redis_store: RedisStore,
) -> None:
    server = redis_store.server
    redis_store.fill({"ns:1": "x"})
    server.said(
        "ACL",
        "SETUSER",
        "reader",
        "on",
        f">{PASSWORD}",
        "~*",
        "+@read",
        "+info",
        "+time",
        "-@dangerous",
        "+info",
    )
    try:
        target = server.target(user="reader", password=Secret(PASSWORD))
        async with reading(target) as reader:
            assert [entry.key for entry in await all_keys(reader, EVERYTHING)] == ["ns:1"]
            probe = await reader.probe()
    finally:
        server.said("ACL", "DELUSER", "reader")
        server.said("ACL", "LOG", "RESET")
    assert probe.user == "reader"
    assert "RDB: unknown" in str(probe.details["persistence"])


async def test_no_command_that_can_be_sent_writes(redis_server: RedisServer) -> None:
    known = redis_server.client.command()
    names = {command: command.value.partition(" ")[0].lower() for command in Command}
    assert {command for command, name in names.items() if name not in known} <= {Command.EXPIRES_AT}
    for command, name in names.items():
        assert name not in known or "write" not in known[name]["flags"], command
    connection = RedisConnection(redis_server.target(), PATIENT)
    for word in ("SET", *WriteCommand):
        with pytest.raises(ValueError, match="is not a valid Command"):
            await connection.ask([(word, "a", "b")], seconds=5)
    await connection.close()


async def test_a_reader_that_was_cancelled_in_the_middle_answers_the_next_question(
    redis_store: RedisStore,
) -> None:
    redis_store.fill({f"ns:{number}": "x" * 100 for number in range(20_000)})
    async with reading(redis_store.key_target()) as reader:
        for _ in range(5):
            task = asyncio.create_task(reader.key_values.count(KeySelection(("ns:",))))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await reader.key_values.count(KeySelection(("ns:",))) == Count(20_000, is_exact=True)


async def test_the_next_question_connects_anew_to_a_server_that_dropped_its_connections_or_started_again() -> (
    None
):
    port = free_port()
    reader = open_reader(RedisTarget("127.0.0.1", port))
    try:
        with redis_process(port=port) as server:
            server.said("SET", "ns:1", "x")
            assert (await reader.key_values.count(EVERYTHING)).value == 1
            server.said("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            assert (await reader.key_values.count(EVERYTHING)).value == 1
        with pytest.raises(BackendError) as caught:
            await reader.key_values.count(EVERYTHING)
        assert caught.value.failure is FailureKind.UNREACHABLE
        assert "refused" in caught.value.message
        with redis_process(port=port):
            assert (await reader.key_values.count(EVERYTHING)).value == 0
    finally:
        await reader.close()


async def test_a_server_that_dies_during_a_scan_ends_it_with_an_error(redis_server: RedisServer) -> None:
    del redis_server  # skips where there is none
    with redis_process() as server:
        server.client.mset({f"ns:{number}": "x" for number in range(20_000)})
        async with reading(server.target()) as reader:
            batches = reader.key_values.stream(EVERYTHING)
            async with aclosing(batches):
                assert await anext(batches)
                server.client.shutdown(nosave=True)
                with pytest.raises(BackendError) as caught:
                    async for _ in batches:
                        pass
    assert caught.value.failure is FailureKind.UNREACHABLE


async def test_a_redis_backend_has_keys_and_no_tables(redis_store: RedisStore) -> None:
    reader = open_reader(redis_store.key_target())
    with pytest.raises(UsageError, match="keys, not tables"):
        assert reader.tables
    await reader.close()
