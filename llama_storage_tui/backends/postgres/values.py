"""Values of a statement: texts, positions of rows, numbers of transactions."""

from __future__ import annotations

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression, bound_text


class NamedType(sa.types.UserDefinedType[object]):
    """A type by the name that the server has for it, which may need quotes."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """Return the name for a CAST."""
        return self.name


_TID, _TIDS, _XID = NamedType("tid"), NamedType("tid[]"), NamedType("xid")


def tid(text: str, name: str | None = None) -> Expression:
    """Return a position that is written as `(block,row)`; with a name it is the parameter of that name."""
    return sa.cast(bound_text(text) if name is None else sa.bindparam(name, text, type_=sa.Text()), _TID)


def tids(name: str) -> Expression:
    """Return the parameter of that name as an array of positions."""
    return sa.cast(sa.bindparam(name, type_=sa.Text()), _TIDS)


def xid(number: int) -> Expression:
    """Return a transaction's number."""
    return sa.cast(bound_text(str(number)), _XID)
