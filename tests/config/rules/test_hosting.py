"""Where and how the server runs."""

import pytest

from tests.configs import EARLIER, HOME, SQLITE, catalog_of, found, only
from tests.rule_cases import FILES, Case, change, hold_against, name_of

WORKERS = "server: {workers: 4}\n"

CASES = [
    Case(
        "temporary-folder",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "/tmp/stack/kv.db")),
        change(SQLITE, ("/srv/stack/kv.db", "/tmpfiles/kv.db")),
        "warning",
        "never",
        "storage.backends.kv_default.db_path",
        "/tmp/stack/kv.db",
    ),
    Case(
        "old-config-folder",
        "0.8",
        change(EARLIER, ("/srv/stack/sql.db", f"{HOME}/.llama/sql.db")),
        change(EARLIER, ("/srv/stack/sql.db", f"{HOME}/.llamas/sql.db")),
        "warning",
        "never",
        "storage.backends.sql_default.db_path",
        ".llama/sql.db",
    ),
    Case(
        "workers-on-sqlite",
        "1.5",
        SQLITE + WORKERS,
        SQLITE + WORKERS.replace("4", "1"),
        "warning",
        "never",
        "server.workers",
        "workers:",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_rule_finds_its_fault_and_nothing_without_it(case: Case) -> None:
    hold_against(case)


def test_uploaded_files_in_a_temporary_folder_are_told() -> None:
    config = FILES.replace("{metadata", "{storage_dir: /var/tmp/files, metadata", 1)
    text = SQLITE.replace(
        "storage:\n",
        f"  files:\n  - {{provider_id: local, provider_type: inline::localfs, config: {config}}}\nstorage:\n",
        1,
    )
    assert only(catalog_of(text, "1.5"), "temporary-folder").where == "providers.files[0].config.storage_dir"


def test_a_path_that_is_read_elsewhere_is_judged_as_the_server_names_it() -> None:
    catalog = catalog_of(SQLITE, "1.5", path_map=(("/srv/stack", "/tmp/copy"),))
    assert found(catalog, "temporary-folder") == []


@pytest.mark.parametrize(("version", "environ"), [("0.7.3", {}), ("1.5.0", {"OGX_CONFIG_DIR": "/srv/ogx"})])
def test_a_folder_that_is_not_renamed_is_no_finding(version: str, environ: dict[str, str]) -> None:
    text = change(EARLIER if version < "1" else SQLITE, ("/srv/stack/sql.db", f"{HOME}/.llama/sql.db"))
    assert found(catalog_of(text, version, environ=environ), "old-config-folder") == []


def test_workers_that_share_no_sqlite_file_are_no_finding() -> None:
    from tests.rule_cases import BOTH_POSTGRES

    assert found(catalog_of(BOTH_POSTGRES + WORKERS, "1.5"), "workers-on-sqlite") == []
