from __future__ import annotations

import json

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import AccessStage, Viewer
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.access import parse_viewer
from llama_storage_tui.services.responses.listing import list_responses, search_responses
from llama_storage_tui.services.responses.reading import read_response
from llama_storage_tui.services.responses.viewing import ViewAs, who_may_read
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of
from tests.queries import asking
from tests.response_rows import row
from tests.response_stores import EARLIER_COLUMNS, PROVIDERS, create, insert
from tests.stores import SqliteStore, Store

ALICE = Viewer("alice", {"teams": ("ml",)})
BOB = Viewer("bob", {"teams": ("ops",)})
ML = json.dumps({"teams": ["ml"]})


def guarded(store: Store, version: str = "1.5.0", **auth: object) -> Deployment:
    """Return a deployment whose requests are signed in, and judged by a policy where one is given."""
    providers = json.loads(json.dumps(PROVIDERS[version]))
    (entries,) = providers.values()
    entries[0]["config"]["persistence"] = {
        "responses": {"backend": "sql_default", "table_name": "responses"},
        "agent_state": {"backend": "kv_default", "namespace": "agents"},
    }
    provider = {"type": "custom", "endpoint": "http://127.0.0.1:1/validate"}
    config = {
        "version": 2,
        "distro_name": "demo",
        "apis": ["responses"],
        "providers": providers,
        "server": {"auth": {"provider_config": provider, **auth}},
        "storage": {
            "backends": {"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")},
            "stores": {"metadata": {"backend": "kv_default", "namespace": "registry"}},
        },
    }
    return Deployment(catalog_of(json.dumps(config), version))


def owned(store: Store) -> None:
    create(store)
    insert(
        store,
        [
            row("mine", created_at=6, owner="alice", attributes="{}"),
            row("shared", created_at=5, owner="carol", attributes=ML),
            row("others", created_at=4, owner="carol", attributes=json.dumps({"teams": ["ops"]})),
            row("nobodys", created_at=3, owner="", attributes="null"),
            row("null", created_at=2, owner=None, attributes=None),
        ],
    )


async def seen(deployment: Deployment, viewer: Viewer, order: RecordOrder = RecordOrder.NEWEST) -> list[str]:
    async with deployment.session() as session:
        view = ViewAs(session.catalog, viewer)
        page = await list_responses(session, asking(order=order), sees=view)
    return [str(summary.id) for summary in page.records]


async def test_a_list_as_somebody_shows_what_the_default_policy_gives(store: Store) -> None:
    owned(store)
    deployment = guarded(store)
    assert await seen(deployment, ALICE) == ["mine", "shared", "nobodys"]
    assert await seen(deployment, BOB) == ["others", "nobodys"]
    async with deployment.session() as session:
        view = ViewAs(session.catalog, ALICE)
        batches = [batch async for batch in search_responses(session, asking(), sees=view)]
    found = {str(each.id) for batch in batches for each in batch.responses}
    assert found == {"mine", "shared", "nobodys"}


async def test_a_policy_of_the_config_decides_first_match_first(store: Store) -> None:
    owned(store)
    policy = [
        {"forbid": {"actions": ["read"], "resource": "sql_record::responses::shared"}},
        {"permit": {"actions": ["read"]}, "when": "user with ml in teams"},
    ]
    deployment = guarded(store, access_policy=policy)
    assert await seen(deployment, ALICE) == ["mine", "others", "nobodys", "null"]
    assert await seen(deployment, BOB) == []


async def test_who_may_read_names_the_rule_or_the_stage(store: Store) -> None:
    owned(store)
    async with guarded(store).session() as session:
        shared = who_may_read(session, await read_response(session, "shared"), ALICE)
        assert shared.decision is not None
        assert (shared.decision.may_read, shared.owner) == (True, "carol")
        assert "teams" in str(shared.decision.rule)
        hidden = who_may_read(session, await read_response(session, "null"), ALICE)
        assert hidden.decision is not None
        assert hidden.decision.stage is AccessStage.NULL_OWNER
        assert hidden.owner is None
        assert any("NULL" in notice for notice in hidden.notices)
        unasked = who_may_read(session, await read_response(session, "nobodys"))
        assert unasked.decision is None
        assert unasked.is_unowned


async def test_rows_that_make_a_listing_fail_are_said(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(
        sqlite_store,
        [row("bad", owner="carol", attributes=json.dumps({"teams": "ml"})), row("mine", owner="alice")],
    )
    async with guarded(sqlite_store).session() as session:
        view = ViewAs(session.catalog, ALICE)
        page = await list_responses(session, asking(), sees=view)
    assert "mine" in [summary.id for summary in page.records]
    assert any("fails for this user" in notice for notice in notice_words(view.notices))


@pytest.mark.parametrize("version", ["0.7.3", "1.5.0"])
async def test_rows_without_store_that_a_user_would_get_are_said(store: Store, version: str) -> None:
    create(store)
    bare = json.dumps({"id": "bare", "status": "completed", "output": [], "input": []})
    rows = [row("bare", text=bare, owner="alice"), row("whole", owner="alice", store=True)]
    insert(store, [*rows, row("others", text=bare, owner="carol", attributes=json.dumps({"teams": ["x"]}))])
    async with guarded(store, version).session() as session:
        view = ViewAs(session.catalog, ALICE)
        await list_responses(session, asking(), sees=view)
        assert [notice[:7] for notice in notice_words(view.notices) if 'no "store" field' in notice] == [
            "One row"
        ]
        nobody = ViewAs(session.catalog, Viewer("dave", {"teams": ("none",)}))
        await list_responses(session, asking(), sees=nobody)
        assert not any('no "store" field' in notice for notice in notice_words(nobody.notices))


async def test_a_version_that_needs_no_store_says_nothing_of_it(store: Store) -> None:
    create(store, "openai_responses", columns=EARLIER_COLUMNS)
    bare = json.dumps({"id": "bare", "status": "completed", "output": [], "input": []})
    insert(
        store,
        [row("bare", text=bare, owner="alice", attributes=ML)],
        "openai_responses",
        columns=EARLIER_COLUMNS,
    )
    async with guarded(store, "0.3.5").session() as session:
        view = ViewAs(session.catalog, ALICE)
        await list_responses(session, asking(), sees=view)
    assert not view.notices


async def test_earlier_versions_decide_by_their_own_table_and_columns(store: Store) -> None:
    create(store, "openai_responses", columns=EARLIER_COLUMNS)
    rows = [
        row("mine", owner="alice", attributes=ML),
        row("public", owner="carol", attributes="null"),
        row("others", owner="carol", attributes=json.dumps({"teams": ["ops"]})),
    ]
    insert(store, rows, "openai_responses", columns=EARLIER_COLUMNS)
    assert sorted(await seen(guarded(store, "0.3.5"), ALICE)) == ["mine", "public"]


@pytest.mark.parametrize("attributes", ["{", "[]", '{"teams": "ml"}', '{"teams": [1]}'])
def test_attributes_of_no_user_are_refused(attributes: str) -> None:
    with pytest.raises(UsageError):
        parse_viewer("alice", attributes)
