"""A load request is what the command line says, parsed in one place."""

from pathlib import Path

import pytest

from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.catalog import candidates, load, open_at_once
from llama_storage_tui.services.requests import LoadRequest, parse_path_map
from tests.configs import POSTGRES, SQLITE


def request(tmp_path: Path, text: str = POSTGRES, **changes: object) -> LoadRequest:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    options = {"environ": {"PGPASS": "hunter22", "HOME": str(tmp_path)}} | changes
    return LoadRequest(str(path), **options)  # type: ignore[arg-type]


def test_the_environment_is_the_one_that_the_request_brings(tmp_path: Path) -> None:
    assert load(request(tmp_path)).verdict.loads
    assert not load(request(tmp_path, uses_environ=False)).verdict.loads
    assert load(request(tmp_path, uses_environ=False, assumes_set=True)).verdict.loads


def test_an_env_file_is_read_and_its_differences_are_noticed(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PGPASS=other\n")
    catalog = load(request(tmp_path, env_files=(str(tmp_path / ".env"),)))
    [notice] = notice_words(catalog.notices)
    assert "PGPASS differs" in notice
    assert "hunter22" not in notice
    assert "other" not in notice.replace("another", "")


@pytest.mark.parametrize("content", [b"\xff", b"no assignment"])
def test_a_bad_env_file_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ConfigError, match="line 1"):
        load(request(tmp_path, env_files=(str(tmp_path / ".env"),)))


def test_a_short_version_means_its_newest_release(tmp_path: Path) -> None:
    assert str(load(request(tmp_path, version="1.4")).version.chosen) == "1.4.1"
    with pytest.raises(UsageError, match="not a known release"):
        load(request(tmp_path, version="7.0"))


def test_what_is_judged_later_is_judged_the_same(tmp_path: Path) -> None:
    asked = request(tmp_path)
    opened = open_at_once(asked)
    assert opened.catalog.backends == load(asked).backends
    assert not opened.catalog.is_judged
    assert opened.judge is not None
    assert opened.judge() == load(asked)


def test_configs_are_found_in_the_given_home(tmp_path: Path) -> None:
    path = tmp_path / ".ogx/distributions/a/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SQLITE)
    assert path in [found.path for found in candidates({"HOME": str(tmp_path)})]


def test_a_request_does_not_show_the_environment(tmp_path: Path) -> None:
    assert "hunter22" not in repr(request(tmp_path))


def test_a_path_map_is_from_and_to() -> None:
    assert parse_path_map("/a=/b=c") == ("/a", "/b=c")
    for text in ("/a", "=/b", "/a="):
        with pytest.raises(UsageError):
            parse_path_map(text)
