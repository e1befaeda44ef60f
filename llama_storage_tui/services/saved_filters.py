"""Filters that an operator gave a name: `filters.json` beside the preferences, for the lists of every config."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.own_file import write_own

FILE: Final = "filters.json"
MOST: Final = 200
"""Filters; one more is refused, since each was named by a person."""
LARGEST: Final = 1_000_000
"""Bytes of a file that are read: a person's filters take some hundred each."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter by its name, of one kind of list (`responses`, `rows inference_store`): its conditions as they are typed."""

    list: str
    name: str
    conditions: tuple[str, ...]


def read_filters(path: Path) -> tuple[SavedFilter, ...]:
    """Return all saved filters; no file is no filters. Raises RefusedError where the file holds something else."""
    try:
        with path.open("rb") as file:
            # A file that is cut here is no JSON.
            found = json.loads(file.read(LARGEST).decode())
        return tuple(_filter(each) for each in found["filters"])
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RefusedError(
            f"{path} is not a file of saved filters.", where=str(path), help="Rename or delete the file."
        ) from None


def save_filter(path: Path, filter_: SavedFilter) -> tuple[SavedFilter, ...]:
    """Save a filter, in place of the one of that list and name; return all. Raises RefusedError."""
    kept = [each for each in read_filters(path) if (each.list, each.name) != (filter_.list, filter_.name)]
    if len(kept) >= MOST:
        raise RefusedError(f"{MOST} filters are saved already.", help="Delete one that is no longer used.")
    return _write(path, (*kept, filter_))


def forget_filter(path: Path, filter_: SavedFilter) -> tuple[SavedFilter, ...]:
    """Delete a saved filter; return those that are left. Raises RefusedError."""
    return _write(path, tuple(each for each in read_filters(path) if each != filter_))


def _write(path: Path, filters: tuple[SavedFilter, ...]) -> tuple[SavedFilter, ...]:
    text = json.dumps({"filters": [asdict(each) for each in filters]}, indent=2)
    write_own(path, f"{text}\n".encode())
    return filters


def _filter(found: dict[str, object]) -> SavedFilter:
    conditions = found["conditions"]
    if not isinstance(conditions, list):
        raise TypeError
    texts = (found["list"], found["name"], *conditions)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    return SavedFilter(str(found["list"]), str(found["name"]), tuple(map(str, conditions)))
