"""The shape of a chain: which responses lead to the one asked for, which follow, and what is odd about each. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import Chain, ChainLink, Fork, LinkMark, OwnerChange
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.responses.chain_rows import LinkRow
from llama_storage_tui.services.responses.prefixes import UNKNOWN, Guess
from llama_storage_tui.services.values import is_later, time_rank


@dataclass(slots=True)
class Lineage:
    """What was found of a chain so far: `path` leads from the response asked for up to the first one.

    `rows` are all of its responses, `guesses` tell of parents that no row names.
    """

    place: TablePlace
    asked: str
    path: list[str] = field(default_factory=list)
    rows: dict[str, LinkRow] = field(default_factory=dict)
    guesses: dict[str, Guess] = field(default_factory=dict)
    missing_parent: str | None = None
    is_complete: bool = True
    notices: list[Notice] = field(default_factory=list)

    def parent(self, id_: str) -> str | None:
        """Return the stored parent of a response, else its inferred one."""
        return self.rows[id_].previous or self.guesses.get(id_, UNKNOWN).parent


def shaped(lineage: Lineage) -> Chain:
    """Return a lineage as a chain, its tree flat and every oddity marked."""
    children = _children(lineage)
    path = lineage.path[::-1]
    cycle = _cycle(lineage, path)
    depths = {id_: depth for depth, id_ in enumerate(path)}
    below = [*_below(children, [path[-1]], depths)]
    beside = [*_below(children, path[:-1], depths)]
    shown = (*path, *below, *beside)
    return Chain(
        place=lineage.place,
        asked=lineage.asked,
        links=_links(lineage, path, depths, cycle),
        children=_links(lineage, below, depths, cycle),
        branches=_links(lineage, beside, depths, cycle),
        missing_parent=lineage.missing_parent,
        cycle=cycle,
        forks=tuple(Fork(id_, tuple(children[id_])) for id_ in shown if len(children.get(id_, ())) > 1),
        owner_changes=tuple(change for id_ in shown if (change := _owner_change(lineage, id_)) is not None),
        is_complete=lineage.is_complete,
        notices=(*lineage.notices, *_disagreements(lineage, shown)),
    )


def _children(lineage: Lineage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id_ in sorted(lineage.rows, key=lambda id_: (time_rank(lineage.rows[id_].created_at), id_)):
        parent = lineage.parent(id_)
        if parent is not None:
            found.setdefault(parent, []).append(id_)
    return found


def _below(
    children: Mapping[str, Sequence[str]], starts: Sequence[str], depths: dict[str, int]
) -> Iterator[str]:
    """Yield what follows some responses and has no depth yet, each followed by its own descendants, and note the depths."""
    waiting = [
        (child, depths[start] + 1)
        for start in reversed(starts)
        for child in reversed(children.get(start, ()))
    ]
    while waiting:
        id_, depth = waiting.pop()
        if id_ not in depths:
            depths[id_] = depth
            yield id_
            waiting += [(child, depth + 1) for child in reversed(children.get(id_, ()))]


def _links(
    lineage: Lineage, ids: Sequence[str], depths: Mapping[str, int], cycle: Sequence[str]
) -> tuple[ChainLink, ...]:
    in_cycle = frozenset(cycle)
    return tuple(_link(lineage, id_, depths[id_], in_cycle) for id_ in ids)


def _link(lineage: Lineage, id_: str, depth: int, cycle: AbstractSet[str]) -> ChainLink:
    row = lineage.rows[id_]
    parent = lineage.parent(id_)
    return ChainLink(
        id=id_,
        previous_response_id=parent,
        inferred=row.previous is None and parent is not None,
        status=row.status,
        created_at=row.created_at,
        owner=row.owner,
        tenant=row.tenant,
        model=row.model,
        depth=depth,
        marks=tuple(_marks(lineage, row, parent, cycle)),
    )


def _marks(lineage: Lineage, row: LinkRow, parent: str | None, cycle: AbstractSet[str]) -> Iterator[LinkMark]:
    above = None if parent is None else lineage.rows.get(parent)
    if parent is not None and above is None:
        yield LinkMark.MISSING_PARENT
    if row.id in cycle:
        yield LinkMark.CYCLE
    if above is not None and is_later(above.created_at, row.created_at):
        yield LinkMark.OLDER_THAN_PARENT
    if _owner_change(lineage, row.id) is not None:
        yield LinkMark.OWNER_CHANGED
    if row.previous is None:
        guess = lineage.guesses.get(row.id, UNKNOWN)
        yield from (LinkMark.AMBIGUOUS,) if guess.is_ambiguous else ()
        yield from (LinkMark.GAP,) if guess.has_gap else ()
    if not row.is_readable:
        yield LinkMark.UNREADABLE


def _cycle(lineage: Lineage, path: Sequence[str]) -> tuple[str, ...]:
    """Return the responses of the path that lead back to themselves: those down to the parent of the first."""
    parent = lineage.parent(path[0])
    return tuple(path[: path.index(parent) + 1]) if parent in path else ()


def _owner_change(lineage: Lineage, id_: str) -> OwnerChange | None:
    row, parent = lineage.rows[id_], lineage.parent(id_)
    above = None if parent is None else lineage.rows.get(parent)
    if above is None or (row.owner, row.tenant) == (above.owner, above.tenant):
        return None
    return OwnerChange(row.id, above.id, row.owner, above.owner, row.tenant, above.tenant)


def _disagreements(lineage: Lineage, ids: Sequence[str]) -> Iterator[Notice]:
    rows = [lineage.rows[id_] for id_ in ids]
    found = [row for row in rows if row.is_readable and row.previous != row.document_previous]
    if found:
        yield Notice(NoticeKind.DOCUMENTS_DIFFER, found[0].id, count=len(found))
