"""Files, folders, patterns and bundles of manifests as the run configs that they hold."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.services.fleet.inputs import find_inputs
from llama_storage_tui.services.fleet.members import read_members
from tests.configs import SQLITE
from tests.fleets import members_of, request_of, write_fleet


def config_map(name: str, key: str = "config.yaml", *, namespace: str = "") -> str:
    where = f"\n  namespace: {namespace}" if namespace else ""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}{where}\ndata:\n  {key}: |\n" + indent(
        SQLITE, "    "
    )


def found(folder: Path, *names: str) -> list[str]:
    """Return what names of a folder stand for, relative to it, with the entry of a bundle."""
    inputs = find_inputs([str(folder / name) for name in names], request_of())
    return [
        str(Path(each.config).relative_to(folder)) + (f"#{each.key}" if each.key else "")
        for each in inputs.requests
    ]


def test_a_folder_stands_for_the_run_configs_in_it_and_below(tmp_path: Path) -> None:
    write_fleet(
        tmp_path,
        {
            "b.yaml": SQLITE,
            "a/run.yml": SQLITE,
            ".git/c.yaml": SQLITE,
            "values.yaml": "replicaCount: 1\nimage: {tag: x}\n",
            "notes.txt": SQLITE,
            "workload.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n",
        },
    )
    assert found(tmp_path, ".") == ["a/run.yml", "b.yaml"]
    left_out = find_inputs([str(tmp_path)], request_of()).left_out
    assert [Path(name).name for name in left_out] == ["values.yaml", "workload.yaml"]


def test_a_pattern_is_matched_where_the_shell_did_not(tmp_path: Path) -> None:
    write_fleet(tmp_path, {"a/run.yaml": SQLITE, "b/run.yaml": SQLITE, "b/other.yaml": SQLITE})
    assert found(tmp_path, "*/run.yaml") == ["a/run.yaml", "b/run.yaml"]
    assert found(tmp_path, "**/*.yaml") == ["a/run.yaml", "b/other.yaml", "b/run.yaml"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    write_fleet(tmp_path, {"run[1].yaml": SQLITE, "run1.yaml": SQLITE})
    assert found(tmp_path, "run[1].yaml") == ["run[1].yaml"]


@pytest.mark.parametrize("name", ["*.json", "empty"])
def test_what_holds_no_run_config_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no run config"):
        found(tmp_path, name)


def test_each_run_config_of_a_bundle_counts(tmp_path: Path) -> None:
    bundle = "---\n".join(
        (
            config_map("one"),
            config_map("two", "run.yaml"),
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {note: x}\n",
        )
    )
    write_fleet(tmp_path, {"bundle.yaml": bundle})
    assert found(tmp_path, "bundle.yaml") == ["bundle.yaml#config.yaml", "bundle.yaml#run.yaml"]


def test_entries_of_one_name_go_by_what_tells_them_apart(tmp_path: Path) -> None:
    write_fleet(
        tmp_path,
        {
            "maps.yaml": "---\n".join((config_map("one"), config_map("two"))),
            "spaces.yaml": "---\n".join((config_map("one", namespace="a"), config_map("one", namespace="b"))),
        },
    )
    assert found(tmp_path, "maps.yaml") == ["maps.yaml#one/config.yaml", "maps.yaml#two/config.yaml"]
    assert found(tmp_path, "spaces.yaml") == [
        "spaces.yaml#a/one/config.yaml",
        "spaces.yaml#b/one/config.yaml",
    ]
    members = list(read_members(find_inputs([str(tmp_path)], request_of()).requests))
    assert [member.error for member in members] == [None] * 4


def test_a_config_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    write_fleet(tmp_path, {"a.yaml": SQLITE})
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    assert found(tmp_path, "a.yaml", "link.yaml", ".") == ["a.yaml"]


def test_a_broken_config_of_a_folder_is_not_passed_over(tmp_path: Path) -> None:
    broken = SQLITE.replace("apis: [inference]", "apis: [inference")
    members = members_of(tmp_path, {"a.yaml": SQLITE, "b.yaml": broken})
    assert members[0].catalog is not None
    assert isinstance(members[1].error, ConfigError)


def test_a_named_file_is_meant_whatever_it_holds(tmp_path: Path) -> None:
    write_fleet(tmp_path, {"values.yaml": "replicaCount: 1\nimage: {tag: x}\n"})
    assert found(tmp_path, "values.yaml", "missing.yaml") == ["values.yaml", "missing.yaml"]
