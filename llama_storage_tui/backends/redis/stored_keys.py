"""Rows of a move as Redis keeps them: keys, values and times of expiry beside each other, since millions are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final

from llama_storage_tui.backends.batches import BATCH_BYTES, LARGEST_BATCH, parted
from llama_storage_tui.backends.redis.raw_keys import NEVER, encoded, expires_at, is_past
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.raw_rows import RawRow, RefusedRow, Sheet
from llama_storage_tui.model.transfer import NotConvertibleError

_INVALID: Final = "its key or value is not valid UTF-8 text, and would come back in another form"


@dataclass(slots=True)
class StoredKeys:
    """Keys with their values, when each expires, and their places among the rows that they were made of."""

    places: list[int] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    expires: list[int] = field(default_factory=list)

    def parts(self) -> list[StoredKeys]:
        """Part them so that each command is answered soon, and none weighs much."""
        number = len(self.keys)
        if sum(map(len, self.values)) <= BATCH_BYTES:
            return [
                self._of(range(at, min(at + LARGEST_BATCH, number))) for at in range(0, number, LARGEST_BATCH)
            ]
        parts = parted(range(number), lambda at: len(self.values[at]))
        return [self._of(range(part[0], part[-1] + 1)) for part in parts]

    def _of(self, places: range) -> StoredKeys:
        chosen = slice(places.start, places.stop)
        return StoredKeys(self.places[chosen], self.keys[chosen], self.values[chosen], self.expires[chosen])


def stored_keys(sheet: Sheet, rows: Sequence[RawRow]) -> tuple[StoredKeys, list[RefusedRow]]:
    """Return rows as Redis has them, and those that it cannot have; one that has expired is neither."""
    at = [sheet.columns.index(name) for name in ("key", "value")]
    expires = sheet.columns.index("expiration") if "expiration" in sheet.columns else None
    if expires is None or all(row[expires] is None for row in rows):
        try:
            keys, values = ([row[each].encode() for row in rows] for each in at)  # type: ignore[union-attr] # else slowly
        except (AttributeError, UnicodeEncodeError):
            pass
        else:
            return StoredKeys([*range(len(rows))], keys, values, [NEVER] * len(rows)), []
    made, refused = StoredKeys(), []
    for index, row in enumerate(rows):
        try:
            cells = _stored(row[at[0]], row[at[1]], None if expires is None else row[expires])
        except NotConvertibleError as error:
            refused.append(RefusedRow(index, str(error)))
            continue
        if not is_past(cells[2]):
            made.places.append(index)
            made.keys.append(cells[0])
            made.values.append(cells[1])
            made.expires.append(cells[2])
    return made, refused


def _stored(key: Cell, value: Cell, expiration: Cell) -> tuple[bytes, bytes, int]:
    if key is None or value is None:
        raise NotConvertibleError(
            f"its {'key' if key is None else 'value'} is NULL, which Redis cannot store"
        )
    name, text = encoded(key), encoded(value)
    if name is None or text is None:
        raise NotConvertibleError(_INVALID)
    return name, text, expires_at(expiration)
