"""Two texts of a config line by line, each change at the line that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.migration import ConfigChange, ConfigMigration


@dataclass(frozen=True, slots=True)
class SideRow:
    """A line of the old file beside one of the new: numbers from 1 as in the file, None where a side has no line here.

    `changes` are those that are about this line.
    """

    old_line: int | None
    old: str
    new_line: int | None
    new: str
    is_changed: bool = False
    changes: tuple[ConfigChange, ...] = ()


def side_by_side(migration: ConfigMigration, changes: Sequence[ConfigChange]) -> tuple[SideRow, ...]:
    """Return the old and the new text of a config side by side, secrets masked.

    `changes` are those to explain, which may be more than the migration makes: one that is left out stands at its line, too.
    """
    first = migration.first_line or 1
    rows = [*_rows(migration.shown_old.splitlines(), migration.shown.splitlines(), first)]
    for change in changes:
        place = _row_of(change, rows)
        if place is not None:
            rows[place] = replace(rows[place], changes=(*rows[place].changes, change))
    return tuple(rows)


def _rows(old: Sequence[str], new: Sequence[str], first: int) -> Iterator[SideRow]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        for step in range(max(old_to - old_from, new_to - new_from)):
            left, right = old_from + step, new_from + step
            has_left, has_right = left < old_to, right < new_to
            yield SideRow(
                left + first if has_left else None,
                old[left] if has_left else "",
                right + first if has_right else None,
                new[right] if has_right else "",
                kind != "equal",
            )


def _row_of(change: ConfigChange, rows: Sequence[SideRow]) -> int | None:
    """Return the row that a change is about: its line in the old file, else the line that it adds, else none."""
    if change.line is not None:
        return next((place for place, row in enumerate(rows) if row.old_line == change.line), None)
    steps = [step for step in change.path.replace("[", ".").replace("]", "").split(".") if not step.isdigit()]
    added = [place for place, row in enumerate(rows) if row.is_changed and row.new_line is not None]
    # The last step whose key an added line begins with: what is around it may have been there before.
    for step in reversed(steps):
        for place in added:
            if rows[place].new.lstrip(" -").startswith(f"{step}:"):
                return place
    return added[0] if added else None
