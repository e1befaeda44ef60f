"""What is concluded from a MongoDB server's answers, in the shapes that its documentation gives; SecantusDB lists no privileges."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from bson.binary import UUID_SUBTYPE, Binary
from pymongo import errors

from llama_storage_tui.backends.mongodb import failures, role_rules
from llama_storage_tui.backends.mongodb.role import is_changing, sessions_of, user_id_of
from llama_storage_tui.backends.mongodb.role_rules import MongoAnswer
from llama_storage_tui.backends.mongodb.target import mongo_login
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import FailureKind

TARGET = mongo_login("db.internal", 27017, "app")
ANSWER = MongoAnswer(
    users=(("app", "admin"),),
    roles=(("readWrite", "stack"),),
    privileges=None,
    is_writable=True,
    set_name="rs0",
    is_sharded=False,
    process="6b07206e171e88a3ec4e3c18",
    address="db.internal:27017",
    user_id=7,
)


def privilege(db: str, *actions: str, collection: str = "") -> dict[str, Any]:
    return {"resource": {"db": db, "collection": collection}, "actions": [*actions]}


@pytest.mark.parametrize(
    ("privileges", "may"),
    [
        ((privilege("admin", "changeOwnPassword"),), True),
        ((privilege("", "changeOwnPassword", "changeOwnCustomData"),), True),
        ((privilege("stack", "find"), privilege("admin", "changePassword")), True),
        (({"resource": {"anyResource": True}, "actions": ["changePassword"]},), True),
        ((privilege("stack", "changeOwnPassword"),), False),
        ((privilege("admin", "changeOwnPassword", collection="x"),), False),
        ((privilege("stack", "find", "insert"),), False),
        (({"resource": {"cluster": True}, "actions": ["changeOwnPassword"]},), False),
        ((), None),
        (None, None),
    ],
)
def test_the_right_to_change_a_password_is_told_by_privileges(
    privileges: tuple[dict[str, Any], ...] | None, *, may: bool | None
) -> None:
    assert role_rules.may_change(replace(ANSWER, privileges=privileges), TARGET) is may


@pytest.mark.parametrize(
    ("role", "home", "may"),
    [
        ("userAdmin", "admin", True),
        ("dbOwner", "admin", True),
        ("root", "admin", True),
        ("userAdminAnyDatabase", "admin", True),
        ("userAdmin", "stack", None),
        ("root", "stack", None),
        ("ours", "admin", None),
    ],
)
def test_names_of_roles_prove_the_right_and_never_disprove_it(
    role: str, home: str, *, may: bool | None
) -> None:
    assert role_rules.may_change(replace(ANSWER, roles=((role, home),)), TARGET) is may


def test_a_user_without_any_role_may_not() -> None:
    assert role_rules.may_change(replace(ANSWER, roles=(), privileges=()), TARGET) is False


def test_a_missing_right_stops_with_the_commands_that_grant_it() -> None:
    target = mongo_login("mongodb://db.internal/?authSource=people", 27017, "app")
    answer = replace(ANSWER, users=(("app", "people"),), privileges=(privilege("stack", "find"),))
    found = {check.name: check for check in role_rules.change_checks(answer, target)}
    assert found["primary"].is_ok
    assert not found["privilege"].is_ok
    assert "use people; db.createRole" in help_words(found["privilege"].help)
    assert 'db.grantRolesToUser("app", [' in help_words(found["privilege"].help)


def test_atlas_is_told_by_its_name() -> None:
    target = mongo_login("mongodb+srv://cluster0.ab1cd.mongodb.net", 27017, "app")
    (check,) = (check for check in role_rules.change_checks(ANSWER, target) if not check.is_ok)
    assert "Atlas keeps its users itself" in check.message


@pytest.mark.parametrize(
    ("host", "address", "is_told"),
    [
        ("db.internal", "db.internal:27017", True),
        ("localhost", "db.internal:27017", True),
        ("localhost", "localhost:27017", False),
        ("[::1]", "::1:27017", False),
        ("mongodb://db.internal/?tls=true", "db.internal:27017", False),
    ],
)
def test_a_password_that_would_go_over_the_wire_readable_is_told_beforehand(
    host: str, address: str, *, is_told: bool
) -> None:
    target = mongo_login(host, 27017, "app")
    assert bool([*role_rules.notices(replace(ANSWER, address=address), target)]) is is_told


def test_a_session_of_somebody_else_stops() -> None:
    (check,) = role_rules.checks(replace(ANSWER, users=(("other", "admin"),)), TARGET)
    assert not check.is_ok
    assert "other@admin" in check.message


def test_a_user_is_the_same_after_a_failover_and_another_when_it_was_made_anew() -> None:
    known = role_rules.identity(ANSWER)
    assert role_rules.identity(replace(ANSWER, address="db2:27017", process="x")) == known
    assert role_rules.identity(replace(ANSWER, user_id=8)) != known
    assert role_rules.identity(replace(ANSWER, set_name=None)) != known
    assert role_rules.identity(replace(ANSWER, set_name=None, is_sharded=True)) != known


def test_sessions_are_the_connections_of_other_programs() -> None:
    metadata = {"driver": {"name": "PyMongo"}}
    operations: tuple[dict[str, Any], ...] = (
        {"client": "10.0.0.7:51234", "connectionId": 12, "appName": "ogx", "active": False},
        {"client": "10.0.0.7:51234", "connectionId": 12, "appName": "ogx", "active": True},
        {"client": "10.0.0.8:4", "connectionId": 13, "clientMetadata": metadata},
        {"client": "10.0.0.9:5", "connectionId": 14, "appName": SESSION_NAME},
        {"desc": "a job of the server's own"},
    )
    found = [(session.pid, session.application, session.client) for session in sessions_of(operations)]
    assert found == [(12, "ogx", "10.0.0.7:51234"), (13, "PyMongo", "10.0.0.8:4")]


def test_a_change_that_runs_is_told_from_other_operations() -> None:
    assert is_changing(({"op": "command", "command": {"updateUser": "app", "$db": "admin"}},))
    assert not is_changing(({"op": "command", "command": {"find": "updateUser"}}, {"op": "none"}))


def test_a_user_is_told_by_its_uuid_where_the_server_keeps_one() -> None:
    uuid = UUID("6b07206e-171e-48a3-ac4e-3c1880000001")
    user = {"user": "app", "db": "admin", "userId": Binary(uuid.bytes, UUID_SUBTYPE)}
    assert user_id_of({"users": [user]}) == uuid.int
    assert user_id_of({"users": [user, user]}) is None
    assert user_id_of({"users": [{"user": "app"}]}) is None
    assert user_id_of({"users": []}) is None


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an exception with what it was raised from."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.OperationFailure("secret", 18), FailureKind.AUTHENTICATION),
        (errors.OperationFailure("secret", 13), FailureKind.PERMISSION),
        (errors.OperationFailure("secret", 4711), FailureKind.QUERY),
        (errors.NotPrimaryError("secret", {"code": 10107}), FailureKind.READ_ONLY),
        (errors.AutoReconnect("h:1: [Errno 111] secret"), FailureKind.UNREACHABLE),
        (errors.AutoReconnect("h:1: [Errno -2] secret"), FailureKind.UNKNOWN_HOST),
        (errors.AutoReconnect("h:1: [SSL: CERTIFICATE_VERIFY_FAILED] secret"), FailureKind.TLS),
        (errors.NetworkTimeout("secret"), FailureKind.TIMEOUT),
        (errors.WaitQueueTimeoutError("secret"), FailureKind.TIMEOUT),
        (
            caused(errors.AutoReconnect("secret"), ConnectionRefusedError(111, "secret")),
            FailureKind.UNREACHABLE,
        ),
        (caused(errors.AutoReconnect("secret"), socket.gaierror(-2, "secret")), FailureKind.UNKNOWN_HOST),
        (
            caused(errors.AutoReconnect("secret"), errors.OperationFailure("secret", 18)),
            FailureKind.AUTHENTICATION,
        ),
        (errors.ServerSelectionTimeoutError("secret"), FailureKind.UNREACHABLE),
        (errors.ConfigurationError("secret"), FailureKind.UNRESOLVED),
        (errors.ProtocolError("secret"), FailureKind.UNREACHABLE),
        (errors.InvalidOperation("secret"), FailureKind.QUERY),
    ],
)
def test_an_exception_is_told_in_our_words(error: Exception, kind: FailureKind) -> None:
    found = failures.translated(error, where="mongodb://h")
    assert found.failure is kind
    assert "secret" not in f"{found.message} {found.help}"


@pytest.mark.parametrize(
    "what",
    [
        "certificate has expired",
        "Hostname mismatch, certificate is not valid for 'db'",
        "certificate revoked",
    ],
)
def test_a_refused_certificate_is_told_with_what_is_wrong_with_it(what: str) -> None:
    """The driver keeps nothing but the text of OpenSSL's error (pymongo 4.20, Python 3.11)."""
    reason = errors.AutoReconnect(
        f"db:27017: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {what}. (_ssl.c:1006)"
    )
    told = failures.translated(errors.ServerSelectionTimeoutError("none"), where="here", reasons=(reason,))
    assert told.failure is FailureKind.TLS
    assert f"refused: {what}." in told.message
