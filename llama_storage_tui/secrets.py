"""Masked secret values, and redaction by value.

A secret is wrapped at the door (`config/`) and unwrapped in exactly one place, the driver call. Whatever is printed, logged or
raised in between shows the mask, because the mask is all that `str`, `repr` and `format` give.

A config may have the same password inside of a value that is none, such as a path. Such a value is used as it is, and wherever
it is shown, in whatever sentence, it is masked: by `mask_shown`, which `text.py` and the writer of JSON put everything through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple, NoReturn

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


class Concealed(NamedTuple):
    """A text that holds a secret, and what is shown in its place wherever it is met."""

    text: Secret
    shown: str = MASK


def _forms(secret: Secret) -> set[str]:
    """Return a secret, its percent-encoded forms, and those within Python's and JSON's quotes."""
    import json
    from urllib.parse import quote, quote_plus

    value = secret.reveal()
    return {value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1], json.dumps(value)[1:-1]}


class Redactor:
    """Replaces known secret values in any text: the last line of defence for driver messages, logs and tracebacks."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._shown: dict[str, str] = {}
        self._longest_first: tuple[tuple[str, str], ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret, shown: str = MASK) -> None:
        """Remember a secret and what is shown of it; its percent-encoded form, which is how URLs repeat it, and that of JSON."""
        new = {form: shown for form in _forms(secret) - self._shown.keys() if len(form) >= SHORTEST_REDACTED}
        if new:
            self._shown |= new
            self._sort()

    def remove(self, secret: Secret) -> None:
        """Forget a secret."""
        for form in _forms(secret) & self._shown.keys():
            del self._shown[form]
        self._sort()

    def _sort(self) -> None:
        self._longest_first = tuple(sorted(self._shown.items(), key=lambda each: len(each[0]), reverse=True))

    @property
    def longest(self) -> int:
        """The length of the longest text that is replaced."""
        return len(self._longest_first[0][0]) if self._longest_first else 0

    def __call__(self, text: str) -> str:
        """Return the text with every known secret masked, longest first."""
        for value, shown in self._longest_first:
            if value in text:
                text = text.replace(value, shown)
        return text


_shown_masked: ContextVar[Redactor | None] = ContextVar("shown_masked", default=None)


@contextmanager
def masking() -> Iterator[None]:
    """Mask what `conceal` names in all that is shown within."""
    token = _shown_masked.set(Redactor())
    try:
        yield
    finally:
        _shown_masked.reset(token)


def begin_masking() -> None:
    """Mask what `conceal` names in all that is shown from here on, unless this run of the program does so already."""
    if _shown_masked.get() is None:
        _shown_masked.set(Redactor())


def conceal(concealed: Iterable[Concealed]) -> None:
    """Mask these wherever they are shown from here on: in a run that has begun to, else nothing."""
    redactor = _shown_masked.get()
    if redactor is not None:
        for each in concealed:
            redactor.add(*each)


def show(secret: Secret) -> None:
    """Mask this one no longer: the operator asked to see it."""
    redactor = _shown_masked.get()
    if redactor is not None:
        redactor.remove(secret)


def mask_shown(text: str, limit: int | None = None) -> str:
    """Return a text as it may be shown: what was concealed is masked.

    Of a text that is cut to `limit`, no more is looked at than that, masked, still fills it.
    """
    redactor = _shown_masked.get()
    if redactor is None or not redactor.longest:
        return text
    return redactor(text if limit is None else text[: 4 * limit + redactor.longest])


def password_span(text: str) -> tuple[int, int] | None:
    """Return where a password stands: from the first colon that no `//` follows to the last `@`."""
    end = text.rfind("@")
    start = text.find(":", 0, max(end, 0))
    while start != -1 and text.startswith("//", start + 1):
        start = text.find(":", start + 1, end)
    return None if start == -1 else (start + 1, end)
