"""Passwords that every consumer of every site takes as they are."""

from __future__ import annotations

import secrets
import string
from typing import Final

from llama_storage_tui.secrets import Secret

LENGTH: Final = 32
_ALPHABET: Final = string.ascii_letters + string.digits
"""Survives YAML plain scalars, defaults, type conversion, URLs without quoting, shells, dotenv and compose."""


def generate() -> Secret:
    """Return one letter and 31 letters or digits, about 190 bits; never something that reads as a number or a word of YAML."""
    while True:
        text = secrets.choice(string.ascii_letters) + "".join(
            secrets.choice(_ALPHABET) for _ in range(LENGTH - 1)
        )
        # Python reads `inf`, `nan`, `1e5` as numbers; at this length only a letter followed by digits and e could come near.
        if any(character.isalpha() and character not in "eE" for character in text[1:]):
            return Secret(text)
