"""Collects the sentences of the program that can make somebody change, remove or restart something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.texts import texts

_VERBS: Final = (
    "remove|delete|drop|mend|fix|repair|overwrite|replace|rename|move|recreate|rebuild|restore|recover|truncate|clear|reset|revoke"
    "|convert|unregister|restart|start|stop|undo|adopt|chmod|unset|kill|put back|set"
)
_ADVICE: Final = re.compile(
    rf"(?:^|[.:;,] |\b(?:and|or|then|to|you|rather than|nothing) )(?:{_VERBS})\b"
    r"|\b(?:ALTER|VACUUM|DELETE|UPDATE|INSERT|DROP|REINDEX|TRUNCATE|RELOAD)\b|\.recover\b|that writes here"
    r"|\b(?:keeps using these rows|begins empty|begins without|index is converted|make them symbolic)\b|(?-i:^Keep )|--(?:undo|recover|adopt|server-only)\b",
    re.IGNORECASE,
)

_STATEMENT: Final = re.compile(
    r"\s*(?:SELECT|WITH \w+ AS|CREATE TABLE|INSERT (?:OR IGNORE )?INTO|DELETE FROM|UPDATE (?:…|changed) (?:AS t )?SET|DROP TABLE IF EXISTS)\b"
)
"""What this program says to a database, which is nothing that somebody reads: an advised change begins with a sentence."""


def advice() -> Iterator[tuple[str, str]]:
    """Yield (place, sentence) for each text of the package that advises something of the kind; `…` stands for what is filled in."""
    for each in texts():
        text = each.text
        if each.room == "demo" or len(text.split()) <= 2:
            continue
        if _ADVICE.search(text) and not _STATEMENT.match(text):
            yield each.place, text
