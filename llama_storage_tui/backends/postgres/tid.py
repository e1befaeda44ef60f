"""Positions of rows and numbers of transactions, as values of a statement."""

from __future__ import annotations

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression


class _Type(sa.types.UserDefinedType[object]):
    """A type that SQLAlchemy has no name for."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name."""
        return self.name


_TID, _TIDS, _XID = _Type("tid"), _Type("tid[]"), _Type("xid")


def tid(text: str, name: str | None = None) -> Expression:
    """Return a position that is written as `(block,row)`; with a name it is the parameter of that name."""
    return sa.cast(_text(text) if name is None else sa.bindparam(name, text, type_=sa.Text()), _TID)


def tids(name: str) -> Expression:
    """Return the parameter of that name as an array of positions."""
    return sa.cast(sa.bindparam(name, type_=sa.Text()), _TIDS)


def xid(number: int) -> Expression:
    """Return a transaction's number."""
    return sa.cast(_text(str(number)), _XID)


def _text(value: str) -> Expression:
    return sa.bindparam("v", value, type_=sa.Text(), unique=True)
