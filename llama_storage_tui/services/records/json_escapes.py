r"""How a text that people write stands in a stored JSON document: escaped, and in a string of JSON once more. Pure functions.

Servers write documents with everything but ASCII as `\uXXXX` (both engines, all versions); arguments and outputs of tools are
JSON inside a string of the document, so their quotes and their escapes are escaped again.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_PLAIN: Final = re.compile(r"[0-9A-Za-z !#-.:-@^_`{|}~]+")
"""Runs of what no form escapes: ASCII without quotes, backslashes, slashes and brackets."""


def stored_forms(text: str) -> tuple[str, ...]:
    """Return every form in which a text can stand in a document, without repetition; for plain ASCII that is the text itself."""
    composed = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
    once = [_inside(each, ensure_ascii=ascii_) for each in composed for ascii_ in (True, False)]
    twice = [_inside(each, ensure_ascii=ascii_) for each in once for ascii_ in (True, False)]
    return tuple(dict.fromkeys((*once, *twice)))


def common_run(forms: Sequence[str]) -> str | None:
    """Return the longest run of plain letters that all forms share, None where they share none.

    Looking for it first spares an engine the other looks into nearly every document.
    """
    runs = sorted(_PLAIN.findall(min(forms, key=len)), key=len, reverse=True)
    return next((run for run in runs if all(run in form for form in forms)), None)


def _inside(text: str, *, ensure_ascii: bool) -> str:
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
