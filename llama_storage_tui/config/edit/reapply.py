"""An edit that can be made again later, on whatever the file holds by then.

Between the plan and the swap, or a crash and its recovery, somebody may have edited the file. The place is then found anew, and
the edit is made only where the old password still stands in it; what else changed there survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import cast

from llama_storage_tui.config.document import Path, decode, encoded, get
from llama_storage_tui.config.edit.scalar import document_splice
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.userlist import find_user, userlist_splice
from llama_storage_tui.config.edit.variable import effective_assignment, variable_splice
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError, RefusedError, UsageError


@dataclass(frozen=True, slots=True)
class PlacedEdit:
    """A replacement inside one value: a field of a document, a variable of an env file, a user's secret in a userlist.

    One of `path`, `variable` and `user` names it.
    `old` and `new` are as written in the value (percent-encoded in a URI), `start` is where `old` stood.
    """

    path: Path | None
    variable: str | None
    start: int
    old: str = field(repr=False)
    new: str = field(repr=False)
    is_encoded: bool = False
    user: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return plain data for a journal."""
        path = None if self.path is None else list(self.path)
        return {
            "path": path,
            "variable": self.variable,
            "start": self.start,
            "old": self.old,
            "new": self.new,
            "is_encoded": self.is_encoded,
            "user": self.user,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> PlacedEdit:
        """Read what `to_json` wrote; raises KeyError or TypeError for anything else."""
        path = cast("list[str | int] | None", data["path"])
        return cls(
            None if path is None else tuple(path),
            cast("str | None", data["variable"]),
            int(cast("int", data["start"])),
            str(data["old"]),
            str(data["new"]),
            bool(data["is_encoded"]),
            cast("str | None", data.get("user")),
        )


def edit_again(content: bytes, name: str, edits: Iterable[PlacedEdit], *, key: str | None = None) -> bytes:
    """Return the file with every edit made; where all were made already, the same bytes.

    Raises RefusedError where a place holds neither the old nor the new password: nothing is overwritten then.
    """
    edits = tuple(edits)
    text = decode(content, name)
    paths = tuple(edit.path for edit in edits if edit.path is not None)
    try:
        for edit in edits:
            splice = _splice(text, name, edit, paths, key)
            text = text if splice is None else splice.apply(text)
    except (ConfigError, UsageError) as error:
        raise RefusedError(f"{name} cannot be read any more: {error.message}", where=name) from None
    return encoded(text, like=content)


def _splice(
    text: str, name: str, edit: PlacedEdit, paths: tuple[Path, ...], key: str | None
) -> Splice | None:
    if edit.user is not None:
        change = _change(find_user(text, name, edit.user).secret, edit, name)
        return None if change is None else userlist_splice(text, name, edit.user, edit.new)
    if edit.path is None:
        assignment = effective_assignment(text, name, edit.variable or "")
        change = _change(assignment.value if assignment else None, edit, name)
        return None if change is None else variable_splice(text, name, edit.variable or "", change)
    document = read_document(text.encode(), name, key=key)
    change = _change(get(document.data, *edit.path), edit, name)
    return None if change is None else document_splice(document, edit.path, change, shared_with=paths)


def _change(value: object, edit: PlacedEdit, name: str) -> Splice | None:
    """Return where the old text stands in a value; None where the new one does."""
    if isinstance(value, str):
        end = edit.start + len(edit.old)
        if value[edit.start : end] == edit.old:
            return Splice(edit.start, end, edit.new)
        if value.count(edit.new):
            return None
        if value.count(edit.old) == 1:
            at = value.index(edit.old)
            return Splice(at, at + len(edit.old), edit.new)
    place = edit.user or edit.variable or ".".join(str(step) for step in edit.path or ())
    raise RefusedError(
        f"{name}: {place} holds neither the old nor the new password any more, and was left as it is",
        where=name,
    )
