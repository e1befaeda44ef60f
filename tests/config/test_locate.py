"""A RUN_CONFIG word is a file, a manifest, a distribution's name, or `@`."""

from pathlib import Path

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.config.locate import find_configs, open_config, read_document
from llama_storage_tui.errors import ConfigError, StorageToolError, UsageError
from tests.configs import SQLITE


def manifest(entries: dict[str, str], style: str = "|") -> str:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stack}\ndata:\n"
    for name, value in entries.items():
        text += f"  {name}: {style}\n" + "".join(f"    {line}\n" for line in value.splitlines())
    return text


def open_it(argument: str, tmp_path: Path, key: str | None = None, **environ: str) -> str:
    return open_config(argument, {"HOME": str(tmp_path), **environ}, key=key).name


def refusal(content: str, key: str | None = None) -> StorageToolError:
    with pytest.raises((ConfigError, UsageError)) as raised:
        read_document(content.encode(), "cm.yaml", key=key)
    return raised.value


def test_a_config_inside_a_manifest_keeps_the_lines_of_the_file() -> None:
    text = manifest({"config.yaml": SQLITE})
    document = read_document(text.encode(), "cm.yaml")
    assert document.name == "cm.yaml#config.yaml"
    line = document.line(("storage", "backends", "sql_default", "db_path"))
    assert line is not None
    assert text.splitlines()[line - 1].strip() == "db_path: /srv/stack/sql.db"


@pytest.mark.parametrize("style", ["|-", "|+", "|4", "| # the config"])
def test_every_literal_block_keeps_the_lines(style: str) -> None:
    text = manifest({"run.yaml": SQLITE}, style).replace("|4", "|2")
    line = read_document(text.encode(), "cm.yaml").line(("storage", "stores"))
    assert line is not None
    assert text.splitlines()[line - 1].strip() == "stores:"


def test_a_syntax_error_inside_a_literal_block_has_the_line_of_the_manifest() -> None:
    text = manifest({"run.yaml": "providers: {}\nstorage: [\n"})
    error = refusal(text, key="run.yaml")
    assert error.where is not None
    assert error.where.startswith("cm.yaml#run.yaml:")
    assert int(error.where.rpartition(":")[2]) >= 6


def test_a_quoted_entry_has_no_lines_rather_than_wrong_ones() -> None:
    text = (
        'apiVersion: v1\nkind: ConfigMap\ndata:\n  run.yaml: "version: 2\\nproviders: {}\\nstorage: {}\\n"\n'
    )
    document = read_document(text.encode(), "cm.yaml")
    assert document.data == {"version": 2, "providers": {}, "storage": {}}
    assert document.line(("storage",)) is None


def test_an_error_in_a_quoted_entry_counts_lines_of_the_entry_and_says_so() -> None:
    text = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  run.yaml: "providers: {}\\nstorage: ]\\n"\n'
    assert "line 2 of the entry" in refusal(text, key="run.yaml").message


def test_one_likely_entry_is_chosen_by_itself() -> None:
    text = manifest({"README": "hello", "other.yaml": "a: 1", "config.yaml": SQLITE})
    assert read_document(text.encode(), "cm.yaml").name == "cm.yaml#config.yaml"


def test_of_several_likely_entries_one_must_be_named() -> None:
    text = manifest({"a.yaml": SQLITE, "b.yaml": SQLITE})
    error = refusal(text)
    assert "several entries" in error.message
    assert help_words(error.help) == "It has: a.yaml, b.yaml. Choose one with --key."
    assert read_document(text.encode(), "cm.yaml", key="b.yaml").name == "cm.yaml#b.yaml"


def test_a_key_that_is_not_there_is_refused_with_the_list() -> None:
    error = refusal(manifest({"a.yaml": SQLITE}), key="b.yaml")
    assert isinstance(error, UsageError)
    assert error.help == "It has: a.yaml."


def test_a_key_without_a_manifest_is_refused() -> None:
    assert isinstance(refusal(SQLITE, key="a.yaml"), UsageError)


@pytest.mark.parametrize("kind", ["List", "LlamaStackDistribution", "OGXServer", "Secret"])
def test_another_resource_around_a_config_is_named(kind: str) -> None:
    error = refusal(f"apiVersion: v1\nkind: {kind}\nitems: []\n")
    assert error.message == f"cm.yaml is a Kubernetes {kind} that holds no run config"


def test_a_config_that_has_a_kind_of_its_own_is_no_manifest() -> None:
    assert (
        read_document(b"kind: {a: 1}\napiVersion: 1\nversion: 2\napis: []\n", "run.yaml").name == "run.yaml"
    )


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        open_it("nowhere.yaml", tmp_path)


def test_a_name_that_is_too_long_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        open_it("x" * 5000, tmp_path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        open_it(str(tmp_path), tmp_path)


def test_an_endless_file_ends_at_the_limit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 5 MB"):
        open_it("/dev/zero", tmp_path)


@pytest.mark.parametrize(
    "place",
    [
        ".ogx/distributions/starter/config.yaml",
        ".ogx/distributions/ogx-starter/starter-config.yaml",
        ".llama/distributions/starter/config.yaml",
        ".llama/distributions/llamastack-starter/starter-run.yaml",
        ".llama/distributions/starter/starter-run.yaml",
    ],
)
def test_a_distribution_is_found_by_its_name_and_by_at(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(SQLITE)
    assert open_it("starter", tmp_path) == str(path)
    assert open_it("@", tmp_path) == str(path)


def test_a_file_of_that_name_wins_over_a_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".ogx/distributions/starter/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SQLITE)
    (tmp_path / "starter").write_text(SQLITE)
    monkeypatch.chdir(tmp_path)
    assert open_it("starter", tmp_path) == "starter"


def test_the_folder_of_the_environment_replaces_the_usual_one(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere/distributions/mine/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SQLITE)
    assert open_it("mine", tmp_path, OGX_CONFIG_DIR=str(tmp_path / "elsewhere")) == str(path)


@pytest.mark.parametrize("name", ["OGX_CONFIG", "LLAMA_STACK_CONFIG"])
def test_at_obeys_the_variable_that_a_server_obeys(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SQLITE)
    [candidate] = find_configs({name: str(path)})
    assert (candidate.path, candidate.because) == (path, f"${name}")


def test_at_without_anything_to_find_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No run config was found") as raised:
        open_it("@", tmp_path)
    assert "$OGX_CONFIG" in help_words(raised.value.help)


def test_at_with_several_lists_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / f".ogx/distributions/{name}/config.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(SQLITE)
    with pytest.raises(UsageError, match=r"Several run configs were found: .*one.*two"):
        open_it("@", tmp_path)
