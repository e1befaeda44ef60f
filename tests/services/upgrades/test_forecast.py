"""What another version would make of a deployment: on the legacy demo, on stores of both engines, and where nothing is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.demo.deployment import make_legacy
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.upgrade import StoreForecast, UpgradeReport
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.upgrade import store_lines, verdict_line
from llama_storage_tui.services.migration.config import MigrationRequest, plan_config, write_config
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.upgrades.forecast import UpgradePair, forecast, load_pair
from llama_storage_tui.services.upgrades.steps import FORMER
from tests.configs import catalog_of
from tests.deployments import backend_of, config_of
from tests.oracle.migrating import config_of as oracle_config
from tests.oracle.migration_stores import restore, saved
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store

STORES = {
    "metadata": {"backend": "kv_default", "namespace": "registry"},
    "inference": {"backend": "sql_default", "table_name": "inference_store"},
    "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
    "prompts": {"backend": "kv_default", "namespace": "prompts"},
}


async def reports(pair: UpgradePair) -> list[UpgradeReport]:
    return [report async for report in forecast(pair)]


async def last(pair: UpgradePair) -> UpgradeReport:
    return (await reports(pair))[-1]


def by_path(report: UpgradeReport) -> dict[str, StoreForecast]:
    return {store.path: store for store in report.stores}


def numbers(store: StoreForecast) -> tuple[int | None, int | None]:
    visible, invisible = store.visible, store.invisible
    return (visible.value if visible else None, invisible.value if invisible else None)


def pair_on(store: Store, old: str, new: str) -> UpgradePair:
    text = config_of({"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")}, STORES)
    return UpgradePair(catalog_of(text, version=old), catalog_of(text, version=new))


@pytest.fixture
def legacy(tmp_path: Path) -> LoadRequest:
    """The demo of 0.2."""
    return make_legacy(tmp_path)


async def test_every_row_of_a_legacy_deployment_becomes_invisible_or_is_served_no_more(
    legacy: LoadRequest,
) -> None:
    report = await last(load_pair(legacy, "1.5.0"))
    stores = by_path(report)
    assert numbers(stores["inference_store"]) == (0, 140)
    assert numbers(stores["providers.agents[0].config.responses_store"]) == (0, 90)
    assert numbers(stores["providers.files[0].config.metadata_store"]) == (0, 5)
    assert numbers(stores["image_name"]) == (0, 11)
    assert {lost.what: lost.count.value if lost.count else None for lost in report.lost} == {
        "registered datasets": 1,
        "agents with their sessions and turns": 8,
        "datasets": 1,
    }
    # What is served no more is not counted as invisible, too.
    assert numbers(stores["metadata_store"]) == (0, 5)
    assert numbers(stores["providers.agents[0].config.persistence_store"]) == (0, 0)
    assert report.loses


async def test_a_legacy_config_does_not_load_in_0_3_and_its_agents_stay_served(legacy: LoadRequest) -> None:
    report = await last(load_pair(legacy, "0.3.5"))
    assert not report.verdict.loads
    assert numbers(by_path(report)["providers.agents[0].config.persistence_store"]) == (0, 8)
    assert "agents with their sessions and turns" not in {lost.what for lost in report.lost}


async def test_the_same_version_loses_nothing(legacy: LoadRequest) -> None:
    report = await last(load_pair(legacy, "0.2.24"))
    assert not report.loses
    assert [step for step in report.steps if isinstance(step, Advice)] == []
    assert all(not store.invisible or not store.invisible.value for store in report.stores)


async def test_the_first_report_is_there_before_the_rows_are_looked_into(legacy: LoadRequest) -> None:
    first, final = await reports(load_pair(legacy, "1.5.0"))
    assert (first.is_final, final.is_final) == (False, True)
    assert first.invisible is not None
    assert first.invisible.value > 0


async def test_raw_keys_become_invisible_at_1_0_on_sqlite(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('distributions:registry:v10::model:m', '{{}}', NULL),"
        " ('prompts:v1:pmpt_1:1', '{}', NULL), ('prompts:v1:pmpt_1:default', '1', NULL)"
    )
    report = await last(pair_on(sqlite_store, "0.7.3", "1.5.0"))
    stores = by_path(report)
    assert numbers(stores["storage.stores.metadata"]) == (0, 1)
    assert "registry:KEY" in stores["storage.stores.metadata"].reason
    assert numbers(stores["storage.stores.prompts"]) == (0, 2)
    assert "tables (prompts)" in stores["storage.stores.prompts"].reason
    assert numbers(
        by_path(await last(pair_on(sqlite_store, "0.5.4", "0.7.3")))["storage.stores.metadata"]
    ) == (1, 0)


async def test_keys_that_have_their_namespace_stay_visible(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:distributions:registry:v10::model:m', '{{}}', NULL)"
    )
    report = await last(pair_on(postgres_store, "0.7.3", "1.5.0"))
    assert numbers(by_path(report)["storage.stores.metadata"]) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new", "table", "is_hidden"),
    [("0.3.4", "0.3.5", "chat_completions", True), ("0.3.3", "0.3.4", "chat_completions", False)],
)
async def test_rows_of_a_renamed_table_become_invisible_with_their_newest_day(
    old: str, new: str, table: str, store: Store, *, is_hidden: bool
) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE {table} (id TEXT PRIMARY KEY, created INTEGER);"
        f" INSERT INTO {table} VALUES ('a', 1700000000), ('b', 1600000000)"
    )
    found = by_path(await last(pair_on(store, old, new)))["storage.stores.inference"]
    assert numbers(found) == ((0, 2) if is_hidden else (2, 0))
    assert found.newest == (1_700_000_000 if is_hidden else None)


async def test_what_the_server_rewrites_is_told_for_the_tables_that_it_goes_on_with(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE conversation_items (id TEXT PRIMARY KEY, conversation_id TEXT, created_at INTEGER);"
        " INSERT INTO conversation_items VALUES ('a', 'conv_1', 1)"
    )
    rewritten = [each.what for each in (await last(pair_on(store, "1.0.0", "1.5.0"))).rewritten]
    assert any("renames conversation_items to conversation_items_v1" in what for what in rewritten)
    assert any("adds the column sort_order" in what for what in rewritten)
    newer = [each.what for each in (await last(pair_on(store, "1.4.0", "1.5.0"))).rewritten]
    assert not any("sort_order" in what for what in newer)


async def test_a_store_that_cannot_be_read_is_neither_lost_nor_safe(sqlite_store: SqliteStore) -> None:
    sqlite_store.path.write_bytes(b"not a database, whatever its name says" * 40)
    report = await last(pair_on(sqlite_store, "0.7.3", "0.7.3"))
    assert report.is_unread
    assert any(isinstance(step, Advice) and step.step is Step.TEST_BACKENDS for step in report.steps)


async def test_a_store_that_was_never_made_holds_nothing(sqlite_store: SqliteStore) -> None:
    sqlite_store.path.unlink(missing_ok=True)
    report = await last(pair_on(sqlite_store, "0.7.3", "1.5.0"))
    assert not report.is_unread
    assert report.invisible is not None
    assert report.invisible.value == 0


async def test_looking_changes_no_file(legacy: LoadRequest, tmp_path: Path) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = contents()
    await last(load_pair(legacy, "1.5.0"))
    assert contents() == before


async def test_the_steps_bring_the_config_before_the_data(legacy: LoadRequest) -> None:
    steps = [step.step for step in (await last(load_pair(legacy, "1.5.0"))).steps if isinstance(step, Advice)]
    assert steps == [
        Step.MIGRATE_CONFIG,
        Step.PLAN_DATA,
        Step.BRING_DATA,
        Step.BRING_PUBLIC_DATA,
        Step.CHECK_MIGRATED,
    ]


def test_the_pair_is_read_as_two_versions(legacy: LoadRequest) -> None:
    pair = load_pair(legacy, "1.5")
    found: tuple[Catalog, Catalog] = (pair.old, pair.new)
    assert [str(catalog.version.chosen) for catalog in found] == ["0.2.24", "1.5.0"]


async def test_nothing_is_rewritten_where_nothing_is_stored(store: Store) -> None:
    store.execute(KEY_VALUE_TABLE)
    rewritten = [each.what for each in (await last(pair_on(store, "1.0.0", "1.5.0"))).rewritten]
    assert not any("conversation_items" in what for what in rewritten)


async def test_the_wider_access_of_0_4_is_told_and_rows_without_an_owner(legacy: LoadRequest) -> None:
    notices = notice_words((await last(load_pair(legacy, "1.5.0"))).notices)
    assert any("rows of one user become readable to whoever shares a role" in notice for notice in notices)
    assert any(
        "47 rows of chat_completions" in notice and "30 rows of openai_responses" in notice
        for notice in notices
    )


async def test_access_did_not_change_after_0_4(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE inference_store (id TEXT PRIMARY KEY, created INTEGER, owner_principal TEXT);"
        " INSERT INTO inference_store VALUES ('a', 1, NULL)"
    )
    assert (await last(pair_on(store, "0.5.4", "1.5.0"))).notices == ()
    assert (await last(pair_on(store, "0.3.5", "0.5.4"))).notices != ()


async def test_no_steps_lead_back_to_an_older_version(store: Store) -> None:
    store.execute(KEY_VALUE_TABLE)
    report = await last(pair_on(store, "1.5.0", "0.7.3"))
    assert [step for step in report.steps if isinstance(step, Advice)] == []
    assert "backup" in str(report.steps[0])


@pytest.mark.parametrize(
    ("old", "new", "said"), [("0.7.3", "1.5.0", "sort_order"), ("0.3.5", "0.4.7", "faiss index")]
)
async def test_rows_that_the_new_version_finds_and_does_not_take_are_said_and_have_a_step(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    release = f"llama-stack-{old}"
    restore(saved(release), tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(oracle_config(release, str(tmp_path), "/srv/files"))
    request = LoadRequest(str(path), version=old, environ={"HOME": str(tmp_path)})
    report = await last(load_pair(request, new))
    assert any(said in sentence for sentence in report.forms)
    assert report.loses
    assert Step.PLAN_DATA in [step.step for step in report.steps if isinstance(step, Advice)]
    # The version that wrote the rows takes them.
    assert (await last(load_pair(request, old))).forms == ()


async def test_a_store_whose_file_is_not_there_is_told_from_an_empty_one(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    report = await last(pair_on(store, "0.7.3", "1.5.0"))
    assert not any(each.is_there for each in report.stores)
    assert report.former is None
    said = [line.text for each in report.stores for line in store_lines(each)]
    assert "storage.stores.prompts: not there: nothing is stored in it yet" in said
    assert "storage.stores.prompts: empty" not in said
    store.execute(KEY_VALUE_TABLE)
    found = by_path(await last(pair_on(store, "0.7.3", "1.5.0")))["storage.stores.prompts"]
    assert found.is_there
    assert [line.text for line in store_lines(found)] == ["storage.stores.prompts: empty"]


async def test_rows_that_a_migrated_config_does_not_find_are_a_step_until_they_are_there(
    legacy: LoadRequest,
) -> None:
    write_config(plan_config(MigrationRequest(legacy, "1.5.0")), legacy)
    first, final = await reports(load_pair(legacy, "1.5.0"))
    for report in (first, final):
        assert report.former == f"{legacy.config}.before-1.5.0"
        assert Advice(FORMER, Step.PLAN_FORMER, report.former) in report.steps
    assert verdict_line(final).text == "ogx 1.5.0 starts; earlier rows may still have to be transferred"
    for name in {Path(store.before_location).name for store in final.stores}:
        Path(legacy.config).with_name(name).touch()
    report = await last(load_pair(legacy, "1.5.0"))
    assert report.former is None
    assert verdict_line(report).text == "ogx 1.5.0 starts, and nothing would be lost"
