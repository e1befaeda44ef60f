"""A file that is written appears whole or not at all."""

import stat
from pathlib import Path

import pytest

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.staging import StagedFile


def test_a_file_appears_at_the_end_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with StagedFile(path) as file:
        file.write("é\ud800\r\n")
        assert not path.exists()
    assert path.read_bytes() == "é\ud800\r\n".encode(errors="surrogatepass")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]


def write_while_another_does(path: Path) -> None:
    with StagedFile(path) as file:
        file.write("mine")
        path.write_text("theirs")


def write_and_fail(path: Path) -> None:
    with StagedFile(path) as file:
        file.write("half")
        raise KeyboardInterrupt


def test_nothing_stays_behind_where_the_writing_ends_early(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(tmp_path / "out.jsonl")
    assert [*tmp_path.iterdir()] == []


def test_an_existing_file_is_refused_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(RefusedError, match="exists"), StagedFile(path):
        pass
    assert path.read_text() == "old"
    with StagedFile(path, replaces=True) as file:
        file.write("new")
    assert path.read_text() == "new"


def test_a_file_that_another_program_made_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(RefusedError, match="exists"):
        write_while_another_does(path)
    assert path.read_text() == "theirs"
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be written: No such file"), StagedFile(tmp_path / "no/x"):
        pass
