"""The smallest change of a text: what stands between two offsets becomes something else, the rest stays as it is.

Edits nest: a password in a URI, the URI in a variable's default, the default in a YAML scalar, the scalar in a document that is
itself a scalar of a manifest. Each level turns a splice of its value into a splice of the text that writes the value.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError

_UNWRITABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line separators and lone surrogates: some reader of some file drops, folds or refuses each of them."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace `text[start:end]`; the replacement may be a secret and is not shown."""

    start: int
    end: int
    replacement: str = field(repr=False)

    def apply(self, text: str) -> str:
        """Return the text with the change made."""
        return text[: self.start] + self.replacement + text[self.end :]

    def is_whole(self, text: str) -> bool:
        """Tell whether nothing of the text remains."""
        return self.start == 0 and self.end == len(text)


def check_writable(value: str) -> None:
    """Raise RefusedError for a value that no file should carry."""
    if not value:
        raise RefusedError("The new password is empty", help="An empty password cannot be used to log in.")
    if _UNWRITABLE.search(value):
        raise RefusedError(
            "The new password has a control character or a line separator, which files and their readers treat differently",
            help="Choose one of letters and digits, or let it be generated.",
        )
