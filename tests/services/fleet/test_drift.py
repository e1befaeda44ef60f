"""Configs that should be equal are compared by what they say, not by how they say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.model.fleet import Drift
from tests.configs import SQLITE, with_provider
from tests.fleets import on_postgres, only_by, report_of

VLLM = with_provider(
    SQLITE, "inference", "remote::vllm", "{base_url: 'http://one', max_tokens: 5, tls_verify: true}"
).replace("  inference: []\n", "")
TWO = VLLM.replace(
    "storage:\n",
    "  - {provider_id: p2, provider_type: remote::vllm, config: {api_token: s3cret-one}}\nstorage:\n",
    1,
)
SWAPPED = VLLM.replace(
    "  - provider_id: p1",
    "  - {config: {api_token: s3cret-one}, provider_type: remote::vllm, provider_id: p2}\n  - provider_id: p1",
)


def drift(folder: Path, one: str, other: str) -> dict[str, list[str | None]]:
    """Return the values that differ between two configs, by their paths."""
    report = report_of(folder, {"a.yaml": one, "b.yaml": other})
    return {each.path: [value.value for value in each.values] for each in report.drift}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SQLITE, "# a comment\n" + SQLITE),
        (SQLITE, SQLITE.replace("distro_name: demo", "distro_name: 'demo'")),
        (SQLITE, SQLITE.replace("/srv/stack/kv.db", "/srv/./stack/../stack/kv.db")),
        (SQLITE, SQLITE.replace("/srv/stack/kv.db", "${env.NOT_SET:=/srv/stack/kv.db}")),
        (SQLITE.replace("apis: [inference]", "apis: [inference, files]"), SQLITE.replace("apis: [inference]", "apis: [files, inference]")),
        (on_postgres(), on_postgres().replace("      host:", "      port: 5432\n      host:")),
        (on_postgres(), on_postgres().replace("      host:", "      port: '5432'\n      host:")),
        (on_postgres(), on_postgres(host="DB.example.org")),
        (VLLM, VLLM.replace("tls_verify: true", "tls_verify: 'True'")),
        (VLLM, VLLM.replace("max_tokens: 5", "max_tokens: 5.0, nothing: null, none: {}")),
        (TWO, SWAPPED),
    ],
)  # fmt: skip
def test_another_way_of_saying_the_same_is_no_difference(one: str, other: str, tmp_path: Path) -> None:
    assert one != other
    assert drift(tmp_path, one, other) == {}


@pytest.mark.parametrize(
    ("one", "other", "path", "values"),
    [
        (VLLM, VLLM.replace("http://one", "http://two"), "providers.inference[p1].config.base_url", ["http://one", "http://two"]),
        (VLLM, VLLM.replace(", max_tokens: 5", ""), "providers.inference[p1].config.max_tokens", ["5", None]),
        (VLLM, VLLM.replace("tls_verify: true", "tls_verify: false"), "providers.inference[p1].config.tls_verify", ["true", "false"]),
        (TWO, SWAPPED.replace("s3cret-one", "s3cret-two"), "providers.inference[p2].config.api_token", ["********"] * 2),
        (on_postgres(), on_postgres(password="other"), "storage.backends.sql_default.password", ["********"] * 2),
        (SQLITE, SQLITE.replace("table_name: prompts", "table_name: my_prompts"), "storage.stores.prompts.table_name", ["prompts", "my_prompts"]),
        (SQLITE, SQLITE.replace("/srv/stack/kv.db", "${env.NOT_SET}/kv.db"), "storage.backends.kv_default.db_path", ["/srv/stack/kv.db", "${env.NOT_SET}/kv.db"]),
    ],
)  # fmt: skip
def test_what_differs_is_shown_with_its_values(
    one: str, other: str, path: str, values: list[str | None], tmp_path: Path
) -> None:
    assert drift(tmp_path, one, other) == {path: values}


def test_a_backend_of_another_type_differs_once(tmp_path: Path) -> None:
    found = drift(tmp_path, SQLITE.replace("kv.db", "stack-kv.db"), on_postgres())
    assert found == {"storage.backends.sql_default.type": ["sql_sqlite", "sql_postgres"]}


def test_what_differs_among_those_of_one_type_is_shown_beside_another_type(tmp_path: Path) -> None:
    texts = {"a.yaml": on_postgres(), "b.yaml": on_postgres(password="two"), "c.yaml": SQLITE}
    report = report_of(tmp_path, texts)
    password = next(each for each in report.drift if each.path.endswith("password"))
    assert [(Path(value.config).name, value.alike) for value in password.values] == [
        ("a.yaml", 1),
        ("b.yaml", 2),
    ]


def test_equal_values_have_equal_numbers_though_they_are_masked(tmp_path: Path) -> None:
    texts = {name: on_postgres(password=password) for name, password in (("a.yaml", "x1y2"), ("b.yaml", "z3"), ("c.yaml", "x1y2"))}  # fmt: skip
    found: Drift = report_of(tmp_path, texts).drift[0]
    assert [(value.value, value.alike) for value in found.values] == [
        ("********", 1),
        ("********", 2),
        ("********", 1),
    ]


def test_deployments_of_other_names_may_differ_unless_all_should_be_equal(tmp_path: Path) -> None:
    texts = {"a.yaml": VLLM, "b.yaml": VLLM.replace(": demo", ": other").replace("http://one", "http://two")}
    assert report_of(tmp_path, texts).drift == ()
    report = report_of(tmp_path, texts, compares_all=True)
    assert [each.path for each in report.drift] == ["providers.inference[p1].config.base_url"]
    assert "1 setting differs" in only_by(report, "fleet-setting-drifted").finding.message


def test_a_secret_in_a_uri_is_compared_and_masked(tmp_path: Path) -> None:
    found = drift(
        tmp_path,
        VLLM.replace("http://one", "http://u:pw-one@h"),
        VLLM.replace("http://one", "http://u:pw-two@h"),
    )
    assert found == {"providers.inference[p1].config.base_url": ["http://u:********@h"] * 2}
