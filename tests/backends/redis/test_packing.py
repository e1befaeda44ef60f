"""Commands as they are sent to Redis."""

from __future__ import annotations

from llama_storage_tui.backends.redis.commands import Command, WriteCommand
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.model.limits import Timeouts


async def test_columns_of_arguments_are_packed_as_the_arguments_one_by_one() -> None:
    connection = RedisConnection(RedisTarget("127.0.0.1", 1), Timeouts(), writes=True)
    keys = [b"", b"a", "ü".encode(), *(b"k%d" % at for at in range(300))]
    values = [b"x" * (at * 37) for at in range(len(keys))]
    pairs = [word for pair in zip(keys, values, strict=True) for word in pair]
    assert [
        connection.packed_columns(WriteCommand.ADD, (keys, values)),
        connection.packed_columns(Command.VALUES, (keys,)),
    ] == connection.packed([(WriteCommand.ADD, *pairs), (Command.VALUES, *keys)])
    await connection.close()
