"""What the plan makes of stores of earlier versions is what the later package's own classes read as the earlier one's did.

`PAIR.json` is the stored form that they read, `reading-PAIR.json` what they returned, `reading-OLD.json` what the old ones returned
for the old store.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.oracle.migrating import PAIRS, migrate
from tests.oracle.migration_stores import Store, dump, saved

GONE: Final = frozenset({"dataset", "scoring_function", "benchmark", "shield"})
RENAMED: Final = {"vector_db_name": "vector_store_name"}
NOT_KEPT: Final = frozenset({"stored_chunk_id", "chunk_embedding_model", "chunk_embedding_dimension"})
"""Members of a chunk that later versions keep elsewhere: chunk_id, embedding_model, embedding_dimension."""


def names(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return ["-to-".join(pair) for pair in pairs]


def rows(store: Store) -> dict[str, Any]:
    return {
        f"{file}:{table}": (found["columns"], found["rows"])
        for file, tables in store.items()
        for table, found in tables.items()
    }


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=names(PAIRS))
def test_a_store_becomes_row_for_row_what_the_later_package_was_seen_to_read_and_stays_as_it_was(
    old: str, new: str, tmp_path: Path
) -> None:
    assert rows(dump(migrate(old, new, tmp_path))) == rows(saved(f"{old}-to-{new}"))
    assert rows(dump(tmp_path / old)) == rows(saved(old))


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=names(PAIRS))
def test_the_later_package_returned_what_the_earlier_one_did(old: str, new: str) -> None:
    before, after = saved(f"reading-{old}"), saved(f"reading-{old}-to-{new}")
    is_ogx = new.startswith("ogx")
    assert set(before) <= set(after)
    for family, found in before.items():
        earlier, later = found, after[family]
        if family == "registry":
            earlier = [each for each in earlier if not (is_ogx and each["type"] in GONE)]
        if isinstance(found, list):
            # Which of several of one second comes first was never said; items of conversations are no such list.
            earlier, later = sorted(earlier, key=identity), sorted(later, key=identity)
        assert list(differences(earlier, later)) == [], family


def identity(found: dict[str, Any]) -> str:
    return str(found.get("identifier") or found.get("id") or found.get("prompt_id"))


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, object, object]]:  # noqa: ANN401 - JSON
    """Yield where a later reading lacks something or says something else, beyond what the later model is known to do."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            later = RENAMED.get(name, name)
            if later in after:
                yield from differences(value, after[later], f"{path}.{name}")
            elif value is not None and name not in NOT_KEPT:
                yield f"{path}.{name}", value, "(missing)"
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield path, len(before), len(after)
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from differences(one, other, f"{path}[{number}]")
    elif before != after and not is_known(path, before, after):
        yield path, before, after


def is_known(path: str, before: object, after: object) -> bool:
    """Tell whether a later version says a thing otherwise that means the same."""
    name = path.rpartition(".")[2]
    return (
        (name == "type" and (before, after) == ("vector_db", "vector_store"))
        # Before 1.0 the list of prompts said false of every default version.
        or (name == "is_default" and (before, after) == (False, True) and path.count(".") == 1)
        # Later versions demand how many tokens were cached: none were counted.
        or (name == "input_tokens_details" and before is None and after == {"cached_tokens": 0})
        or (name == "output_tokens_details" and before is None and after == {"reasoning_tokens": 0})
    )
