"""PgBouncer's userlist: one entry changes, byte for byte nothing else."""

from __future__ import annotations

import pytest

from llama_storage_tui.config.edit.reapply import PlacedEdit, edit_again
from llama_storage_tui.config.edit.userlist import find_user, read_userlist, userlist_splice
from llama_storage_tui.errors import RefusedError

TEXT = '; users\r\n"admin" "md50123456789abcdef0123456789abcdef" "" trailing\r\n\r\n\t"ogx"   "old ""quoted"" one"\n"other" ""'


def test_entries_are_read_as_pgbouncer_reads_them() -> None:
    entries = list(read_userlist(TEXT, "userlist.txt"))
    assert [(entry.user, entry.secret, entry.line) for entry in entries] == [
        ("admin", "md50123456789abcdef0123456789abcdef", 2),
        ("ogx", 'old "quoted" one', 4),
        ("other", "", 5),
    ]


@pytest.mark.parametrize("new", ["plain", 'with "quotes"', "SCRAM-SHA-256$4096:salt==$a=:b="])
def test_one_entry_changes_and_no_other_byte(new: str) -> None:
    splice = userlist_splice(TEXT, "userlist.txt", "ogx", new)
    after = splice.apply(TEXT)
    assert find_user(after, "userlist.txt", "ogx").secret == new
    written = new.replace('"', '""')
    assert after == TEXT.replace('old ""quoted"" one', written)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"admin" "x"\n', "has no entry for ogx"),
        ('"ogx" "x"\n"ogx" "y"\n', "has 2 entries"),
        ('"ogx" "x"\nogx x\n', "line 2 is not an entry"),
        ('"ogx" "x\n', "line 1 is not an entry"),
    ],
)
def test_a_list_that_cannot_be_followed_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        userlist_splice(text, "userlist.txt", "ogx", "new")


def test_an_edit_is_made_again_on_what_the_list_holds_by_then() -> None:
    edit = PlacedEdit.from_json(PlacedEdit(None, None, 0, "old", "new", user="ogx").to_json())
    before = b'\xef\xbb\xbf"added" "x"\n"ogx" "old"\n'
    after = b'\xef\xbb\xbf"added" "x"\n"ogx" "new"\n'
    assert edit_again(before, "userlist.txt", [edit]) == after
    assert edit_again(after, "userlist.txt", [edit]) == after
    with pytest.raises(RefusedError, match="neither the old nor the new"):
        edit_again(b'"ogx" "third"\n', "userlist.txt", [edit])
