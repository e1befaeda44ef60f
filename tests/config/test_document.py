"""One YAML document with its lines; whatever is no run config is one sentence with file and line."""

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.config.document import MAXIMUM_BYTES, ConfigDocument, decode, parse
from llama_storage_tui.errors import ConfigError
from tests.configs import SQLITE, catalog_of, line_of, only

SECRET = "hunter22"


def read(text: str | bytes) -> ConfigDocument:
    return parse(decode(text if isinstance(text, bytes) else text.encode(), "run.yaml"), "run.yaml")


def refusal(text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        read(text)
    assert "\n" not in raised.value.message
    assert SECRET not in f"{raised.value.message} {raised.value.help} {raised.value.where}"
    return raised.value


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_endings_and_a_byte_order_mark_change_no_line(ending: str, mark: str) -> None:
    document = read(mark + SQLITE.replace("\n", ending))
    expected = line_of(SQLITE, "db_path: /srv/stack/sql.db")
    assert document.line(("storage", "backends", "sql_default", "db_path")) == expected


def test_the_line_of_a_path_that_is_not_there_is_that_of_its_deepest_part() -> None:
    document = read(SQLITE)
    assert document.line(("storage", "backends", "nowhere", "x")) == line_of(SQLITE, "  backends:")
    assert document.line(("nowhere",)) == 1


def test_anchors_and_merge_keys_mean_what_they_mean_to_a_server() -> None:
    text = "base: &b {type: kv_sqlite, db_path: /a}\none: {<<: *b, db_path: /b}\nsame: *b\n"
    document = read(text)
    assert document.data == {
        "base": {"type": "kv_sqlite", "db_path": "/a"},
        "one": {"type": "kv_sqlite", "db_path": "/b"},
        "same": {"type": "kv_sqlite", "db_path": "/a"},
    }
    assert document.line(("one", "type")) == 1
    assert document.line(("one", "db_path")) == 2
    assert not document.duplicates


def test_yaml_1_1_words_are_booleans_as_on_a_server() -> None:
    assert read("a: yes\nb: off\nc: 0o7\nd: 010\n").data == {"a": True, "b": False, "c": "0o7", "d": 8}


def test_a_duplicate_key_is_found_with_both_lines_and_the_last_one_counts() -> None:
    text = SQLITE.replace("      type: sql_sqlite\n", "      type: sql_sqlite\n      db_path: /first\n")
    finding = only(catalog_of(text), "duplicate-key")
    assert finding.where == "storage.backends.sql_default.db_path"
    assert finding.line == line_of(text, "db_path: /srv/stack/sql.db")
    assert f"first on line {line_of(text, 'db_path: /first')}" in finding.message


def test_keys_that_only_look_alike_are_no_duplicates() -> None:
    assert not read("1: a\n'1': b\ntrue: c\n'true': d\n").duplicates


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    error = refusal("\n".join(lines))
    assert "aliases write out to more than" in error.message
    assert error.where is not None
    assert error.where.startswith("run.yaml:")


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a\n  b: *a\n", "a: &a {<<: *a}\n"])
def test_an_alias_of_itself_is_refused(text: str) -> None:
    assert "line 1" in refusal(text).message or "line 2" in refusal(text).message


def test_a_large_file_is_refused_by_its_size() -> None:
    assert (
        refusal(b"#" * (MAXIMUM_BYTES + 1)).message
        == "run.yaml is larger than 5 MB, so it is not a run config"
    )


def test_very_many_values_are_refused_long_before_the_end_of_the_file() -> None:
    assert "more than 50,000 values" in refusal("a:\n" + "- 1\n" * 60_000).message


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{a: " * 5000, "- " * 3000, "? " * 3000])
def test_deep_nesting_is_refused_with_its_line(text: str) -> None:
    assert refusal(text).message == "run.yaml, line 1: nested too deeply"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff\n", "run.yaml, line 2: not UTF-8 text (byte 0xff)"),
        (b"a: 1\n\0", "run.yaml, line 2: a binary file, not YAML"),
        (b"\x7fELF\x02\x01\x01\0\0", "run.yaml, line 1: a binary file, not YAML"),
        (b"a: 1\nb: \x1b[31m\n", "run.yaml, line 2: not YAML: a character that YAML does not allow (U+001B)"),
        (b"a: 1\nb: 0x" + b"f" * 4000, "run.yaml, line 2: not YAML: a value that cannot be read as int"),
        (b"", "run.yaml is empty"),
        (b"# only a comment\n", "run.yaml is empty"),
        (b"---\n...\n", "run.yaml is empty"),
        (b"null\n", "run.yaml is empty"),
        (b"\n- a\n- b\n", "run.yaml, line 2: holds a list, not a mapping"),
        (b"just text\n", "run.yaml, line 1: holds a single value, not a mapping"),
        (b"a: 1\n---\nb: 2\n", "run.yaml, line 2: holds several YAML documents; a server reads exactly one"),
    ],
)
def test_what_is_no_run_config_is_one_sentence_with_its_line(content: bytes, message: str) -> None:
    assert refusal(content).message == message


@pytest.mark.parametrize(
    ("text", "line", "help_"),
    [
        ("a: 1\nb:\n\t- x\n", 3, "tabs"),
        (f"a: 1\npassword: *{SECRET}\n", 2, "quotes"),
        (f"a: 1\npassword: !{SECRET} x\n", 2, "quotes"),
        (f"a: 1\npassword: @{SECRET}\n", 2, "quotes"),
        (f"a: 1\npassword: %{SECRET}\n", 2, "quotes"),
        (f"a: b\n  password: {SECRET}: x\n", 2, "colon"),
        ("a:\n    b: 1\n   c: 2\n", 3, None),
        ("a: [1, 2\nb: 3\n", 2, None),
        (f"a: '{SECRET}\n", 2, None),
        ("a: !!python/object:os.system x\n", 1, "quotes"),
    ],
)
def test_a_syntax_error_names_its_line_and_quotes_nothing_of_the_file(
    text: str, line: int, help_: str | None
) -> None:
    error = refusal(text)
    assert error.message.startswith(f"run.yaml, line {line}, column ")
    assert error.where == f"run.yaml:{line}"
    if help_:
        assert help_ in help_words(error.help)


@pytest.mark.parametrize(
    "text",
    [
        f"a: 1\nb: !!int {SECRET}\n",
        f"a: 1\nb: !!bool {SECRET}\n",
        f"a: 1\nb: !!timestamp {SECRET}\n",
        "a: 1\nb: 2026-13-45\n",
        f"a: 1\nb: !!float {SECRET}\n",
        f"a: 1\nb: !!binary '{SECRET}ü'\n",
        "a: 1\n? {x: 1}\n: 2\n",
    ],
)
def test_a_value_that_its_tag_cannot_be_made_of_is_refused_with_its_line(text: str) -> None:
    assert ", line 2" in refusal(text).message


def test_a_document_does_not_repeat_the_file_in_its_representation() -> None:
    assert SECRET not in repr(read(f"password: {SECRET}\n"))
