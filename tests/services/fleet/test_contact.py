"""Servers that are asked who they are: names that are one server, servers that do not answer, files with several names."""

from __future__ import annotations

import socket
from pathlib import Path

from llama_storage_tui.services.fleet.contact import ask_servers
from llama_storage_tui.services.fleet.judging import judge_fleet
from tests.configs import SQLITE
from tests.fleets import found_by, members_of, names, on_postgres, only_by
from tests.patience import PATIENT
from tests.ports import free_port
from tests.servers import DATABASE, PASSWORD, ROLE, Server
from tests.stores import PostgresStore


def on_server(server: Server, host: str, *, database: str = DATABASE, password: str = PASSWORD) -> str:
    """Return a config on a real server, by one of its names."""
    text = on_postgres(host=host, password=f"'{password}'", database=database, name=database)
    return text.replace("user: stack", f"user: {ROLE}\n      port: {server.port}")


async def test_two_names_of_one_server_are_joined_by_its_identifier(
    tmp_path: Path, postgres_server: Server, postgres_store: PostgresStore
) -> None:
    by_address = on_server(postgres_server, "127.0.0.1")
    by_socket = on_server(
        postgres_server, str(postgres_server.socket_directory), database=postgres_store.database
    )
    members = members_of(tmp_path, {"a.yaml": by_address, "b.yaml": by_socket})
    assert not found_by(judge_fleet(members), "fleet-server-spelled-differently")
    contact = await ask_servers(members, PATIENT)
    assert contact.unanswered == ()
    report = judge_fleet(members, contact.identities)
    found = only_by(report, "fleet-server-spelled-differently")
    assert names(found) == ["a.yaml", "b.yaml"]
    assert "system identifier" in found.finding.message
    shared = next(server for server in report.servers if server.identity and len(server.configs) == 2)
    identifier = postgres_server.execute("SELECT system_identifier FROM pg_control_system()")
    assert shared.identity == f"system identifier {identifier}"
    assert names(only_by(report, "fleet-rotation-breaks-neighbour")) == ["a.yaml", "b.yaml"]


async def test_what_does_not_answer_is_named_without_its_password(
    tmp_path: Path, postgres_server: Server
) -> None:
    wrong = on_server(postgres_server, "127.0.0.1", password="not-this-one")
    nobody = on_postgres(host="127.0.0.1", password="unheard-of").replace(
        "user: stack", f"user: stack\n      port: {free_port()}"
    )
    members = members_of(tmp_path, {"a.yaml": wrong, "b.yaml": nobody})
    contact = await ask_servers(members, PATIENT)
    assert [[Path(config).name for config in each.configs] for each in contact.unanswered] == [
        ["a.yaml"],
        ["b.yaml"],
    ]
    assert not {"not-this-one", "unheard-of"} & set(
        " ".join(each.message for each in contact.unanswered).split()
    )
    assert not any(identity.startswith("system") for identity in contact.identities.values())


async def test_a_file_and_a_link_to_it_are_one_store(tmp_path: Path) -> None:
    (tmp_path / "kv.db").touch()
    (tmp_path / "link.db").symlink_to("kv.db")
    one = SQLITE.replace("/srv/stack/kv.db", str(tmp_path / "kv.db"))
    other = SQLITE.replace("/srv/stack/kv.db", str(tmp_path / "link.db")).replace("sql.db", "other.db")
    members = members_of(tmp_path / "fleet", {"a.yaml": one, "b.yaml": other})
    assert not found_by(judge_fleet(members), "fleet-shared-namespace")
    contact = await ask_servers(members, PATIENT)
    assert only_by(judge_fleet(members, contact.identities), "fleet-shared-namespace")


def test_comparing_contacts_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        text = on_postgres(host="127.0.0.1").replace("user: stack", f"user: stack\n      port: {port}")
        judge_fleet(members_of(tmp_path, {"a.yaml": text, "b.yaml": text}))
        try:
            listener.accept()
        except BlockingIOError:
            return
    raise AssertionError("somebody connected")
