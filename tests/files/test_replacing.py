"""Swapping files while others write them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import ClassVar

import pytest

from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.files.markers import locked, marker_path, put_marker, read_marker, remove_marker
from llama_storage_tui.files.places import check_replaceable, real_path
from llama_storage_tui.files.replacing import digest, stage, swap

OLD, NEW = b"a: OLD\n", b"a: NEW\n"


def redo(content: bytes) -> bytes:
    return content.replace(b"OLD", b"NEW")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


@pytest.fixture
def staged(path: Path) -> Path:
    staged = path.with_name(".staged")
    stage(path, staged, NEW)
    return staged


def only(path: Path) -> bool:
    return [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_staged_file_takes_the_place_and_the_mode(path: Path, staged: Path) -> None:
    swap(path, staged, digest(OLD), digest(NEW), redo)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert only(path)


def test_a_swap_that_was_done_is_done(path: Path, staged: Path) -> None:
    swap(path, staged, digest(OLD), digest(NEW), redo)
    swap(path, staged, digest(OLD), digest(NEW), redo)
    assert path.read_bytes() == NEW
    assert only(path)


def test_an_edit_before_the_swap_survives(path: Path, staged: Path) -> None:
    path.write_bytes(b"# mine\n" + OLD)
    swap(path, staged, digest(OLD), digest(NEW), redo)
    assert path.read_bytes() == b"# mine\n" + NEW
    assert only(path)


class WatchedPath(type(Path())):  # type: ignore[misc] # the system's own kind of path
    """A staged file whose reader saves the real one meanwhile."""

    edits: ClassVar[list[bytes]] = []

    def read_bytes(self) -> bytes:
        if self.edits:
            self.with_name("run.yaml").write_bytes(self.edits.pop())
        return super().read_bytes()  # type: ignore[no-any-return]


def test_an_edit_in_the_very_moment_of_the_swap_survives(path: Path, staged: Path) -> None:
    """Between reading the file and exchanging the names: the edit comes out of the exchange and goes back in."""
    WatchedPath.edits.append(b"# mine\n" + OLD)
    swap(path, WatchedPath(staged), digest(OLD), digest(NEW), redo)
    assert not WatchedPath.edits
    assert path.read_bytes() == b"# mine\n" + NEW
    assert only(path)


def test_an_edit_that_came_out_of_an_exchange_before_a_crash_goes_back(path: Path, staged: Path) -> None:
    path.write_bytes(NEW)
    staged.write_bytes(b"# mine\n" + OLD)
    swap(path, staged, digest(OLD), digest(NEW), redo)
    assert path.read_bytes() == b"# mine\n" + NEW
    assert only(path)


def test_a_lost_staged_file_is_made_again(path: Path, staged: Path) -> None:
    staged.unlink()
    swap(path, staged, digest(OLD), digest(NEW), redo)
    assert path.read_bytes() == NEW
    assert only(path)


def test_a_folder_that_is_gone_or_full_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be replaced"):
        stage(path, tmp_path / "nowhere" / "staged", NEW)
    assert only(path)


def test_no_space_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int, __: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RefusedError, match="No space left"):
        stage(path, path.with_name(".staged"), NEW)
    assert only(path)


def test_extended_attributes_come_along(path: Path) -> None:
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        return  # a file system without them has none to lose
    staged = path.with_name(".staged")
    stage(path, staged, NEW)
    assert os.getxattr(staged, "user.note") == b"kept"


def test_a_marker_names_its_journal_and_no_other_removes_it(path: Path) -> None:
    put_marker(path, "one", Path("/state/one.json"), "me@here")
    put_marker(path, "one", Path("/state/one.json"), "me@here")
    with pytest.raises(PendingError, match="journal one of me@here"):
        put_marker(path, "two", Path("/state/two.json"), "you@there")
    remove_marker(path, "two")
    assert read_marker(path) is not None
    remove_marker(path, "one")
    assert only(path)


def test_a_marker_that_cannot_be_read_counts(path: Path) -> None:
    marker_path(path).write_text("{")
    found = read_marker(path)
    assert found is not None
    assert found.journal == "unknown"


def test_a_folder_is_locked_once(path: Path) -> None:
    with locked([path]), pytest.raises(RefusedError, match="Another process"), locked([path]):
        pass


def test_what_cannot_be_replaced_is_told(path: Path) -> None:
    check_replaceable(path)
    other = path.with_name("other")
    os.link(path, other)
    with pytest.raises(RefusedError, match="2 hard links"):
        check_replaceable(path)
    other.unlink()
    mounts = path.with_name("mountinfo")
    mounts.write_text(f"1 2 3:4 / {path} rw - ext4 x rw\n")
    with pytest.raises(RefusedError, match="mount point"):
        check_replaceable(path, mounts=mounts)


def test_links_are_followed_and_dangling_ones_refused(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to("run.yaml")
    assert real_path(link) == path.resolve()
    path.rename(path.with_name("moved"))
    with pytest.raises(RefusedError, match="leads nowhere"):
        real_path(link)
    with pytest.raises(RefusedError, match="not a regular file"):
        real_path(path.parent)
