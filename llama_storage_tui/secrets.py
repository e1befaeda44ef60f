"""Masked secret values, and redaction by value.

A secret is wrapped at the door (`config/`) and unwrapped in exactly one place, the driver call. Whatever is printed, logged or
raised in between shows the mask, because the mask is all that `str`, `repr` and `format` give.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

MASK: Final = "********"

SHORTEST_REDACTED: Final = 4
"""Values shorter than this are not redacted by value: masking every "1" in a text would hide more than it protects."""


class Secret:
    """A secret text that shows itself only to `reveal()`."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the text itself; call this at the driver or at a comparison, nowhere else."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied to another process")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self


class Redactor:
    """Replaces known secret values in any text: the last line of defence for driver messages, logs and tracebacks."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._values: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Remember a secret, and its percent-encoded form, which is how drivers and URLs repeat it."""
        from urllib.parse import quote, quote_plus

        value = secret.reveal()
        self._values |= {
            form
            for form in (value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1])
            if len(form) >= SHORTEST_REDACTED
        }

    def __call__(self, text: str) -> str:
        """Return the text with every known secret masked, longest first."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        return text


def password_span(text: str) -> tuple[int, int] | None:
    """Return where a password stands: from the first colon that no `//` follows to the last `@`."""
    end = text.rfind("@")
    start = text.find(":", 0, max(end, 0))
    while start != -1 and text.startswith("//", start + 1):
        start = text.find(":", start + 1, end)
    return None if start == -1 else (start + 1, end)
