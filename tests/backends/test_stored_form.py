"""How a server keeps a password is told by what it asks for, before any password is sent."""

from __future__ import annotations

import itertools

import pytest

from llama_storage_tui.backends.postgres.role import PostgresRole
from llama_storage_tui.backends.postgres.verifier import md5_hash
from llama_storage_tui.model.rotation import StoredForm
from llama_storage_tui.secrets import Secret
from tests import fronts
from tests.patience import PATIENT
from tests.servers import Server

NUMBERS = itertools.count(1)


def made(server: Server, *groups: str, is_md5: bool) -> str:
    role = f"form_{next(NUMBERS)}"
    secret = md5_hash(Secret("pw"), role) if is_md5 else "pw"
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{secret}'")
    for group in groups:
        server.execute(f"GRANT {group} TO {role}")
    return role


async def asked(server: Server, role: str, **changes: object) -> StoredForm | None:
    return await PostgresRole(server.target(user=role, **changes), timeouts=PATIENT).stored_form()


async def test_a_hash_and_a_verifier_are_told_apart_under_one_rule(postgres_server: Server) -> None:
    hashed = made(postgres_server, "keeps_md5", is_md5=True)
    verified = made(postgres_server, "keeps_md5", is_md5=False)
    assert await asked(postgres_server, hashed) is StoredForm.MD5
    assert await asked(postgres_server, verified) is StoredForm.SCRAM


async def test_it_is_told_through_tls(postgres_server: Server) -> None:
    role = made(postgres_server, "keeps_md5", is_md5=True)
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        assert await asked(postgres_server, role, port=port, ssl_mode="require") is StoredForm.MD5
    assert await asked(postgres_server, role, ssl_mode="prefer") is StoredForm.MD5


@pytest.mark.parametrize("group", ["lets_all_in", None])
async def test_a_server_that_asks_for_nothing_or_is_not_there_tells_nothing(
    postgres_server: Server, group: str | None
) -> None:
    if group is not None:
        role = made(postgres_server, group, is_md5=False)
        assert await asked(postgres_server, role) is None
        return
    assert await asked(postgres_server, "operator", port=1) is None
    assert await asked(postgres_server, "operator", host=str(postgres_server.socket_directory)) is None
