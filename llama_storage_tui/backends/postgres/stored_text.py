"""Text as a PostgreSQL database stores it: crossing as bytes, and made text here, so that one odd value spoils no other.

The server refuses to send a value that it cannot convert to UTF-8, or that is not valid in it (22021, 22P05): SQL_ASCII takes any
bytes, and a database whose encoding was relabelled holds what its old one allowed.
"""

from __future__ import annotations

import codecs
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression
from llama_storage_tui.deferred import dataclass

SQL_ASCII: Final = "SQL_ASCII"

_CODECS: Final = {
    **{f"WIN{page}": f"cp{page}" for page in (*range(1250, 1259), 866, 874)},
    **{f"LATIN{number}": f"latin{number}" for number in range(1, 11)},
    **{f"ISO_8859_{number}": f"iso8859_{number}" for number in range(5, 9)},
    "KOI8R": "koi8_r",
    "KOI8U": "koi8_u",
    "UHC": "cp949",
    SQL_ASCII: "utf-8",
}
"""Python's names for PostgreSQL's encodings, where they differ; in SQL_ASCII clients store what they like, and that is UTF-8."""

_WIDEST: Final = 4
"""Bytes of one character, at most."""


@dataclass(slots=True)
class ServerEncoding:
    """The encoding of a database, known from the first connection on."""

    name: str = "UTF8"

    @property
    def is_unchecked(self) -> bool:
        """Whether the server takes any bytes as text."""
        return self.name == SQL_ASCII

    @property
    def codec(self) -> str:
        """Python's name of it; UTF-8 for one that Python does not have."""
        try:
            return codecs.lookup(_CODECS.get(self.name, self.name)).name
        except LookupError:
            return "utf-8"

    def can_hold(self, text: str) -> bool:
        """Tell whether a text can be stored in the database, and so be compared with what is."""
        try:
            text.encode("utf-8" if self.is_unchecked else self.codec)
        except UnicodeEncodeError:
            return False
        return "\x00" not in text


class StoredText(sa.types.TypeDecorator[object]):
    """Bytes that are handed over as text, or as they are where they are no text; a cut end of `most` bytes may split a letter."""

    impl = sa.types.LargeBinary
    cache_ok = True

    def __init__(self, codec: str, most: int | None = None) -> None:
        super().__init__()
        self.codec = codec
        self.most = most

    def process_result_value(self, value: object, dialect: object) -> object:
        """Return a text, or bytes."""
        del dialect
        if not isinstance(value, bytes):
            return value
        is_whole = self.most is None or len(value) < self.most
        try:
            return codecs.getincrementaldecoder(self.codec)().decode(value, is_whole)
        except UnicodeDecodeError:
            return value


def stored_text(element: Expression, encoding: ServerEncoding, limit: int | None = None) -> Expression:
    """Return what to select for a text as it is stored, cut after `limit` + 1 characters at the earliest."""
    text = sa.cast(element, sa.Text())
    most = None if limit is None else (limit + 1) * _WIDEST
    type_ = StoredText(encoding.codec, most)
    data: Expression
    if encoding.name == "UTF8":
        # Sent as it is, without the check that convert_to begins with.
        data = sa.func.textsend(text, type_=type_)
    else:
        data = sa.func.convert_to(text, sa.literal_column(f"'{SQL_ASCII}'"), type_=type_)
    return data if most is None else sa.func.substring(data, 1, most, type_=type_)


def text_of_bytes(data: bytes) -> Expression:
    """Return the text that is stored as these bytes: only a database that takes any bytes has it."""
    return sa.func.convert_from(
        sa.bindparam("v", data, type_=sa.LargeBinary(), unique=True), sa.literal_column(f"'{SQL_ASCII}'")
    )
