"""A chain as rows from its first response on: only a fork moves in, so that a chain of a thousand is a column. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import Chain, ChainLink, LinkMark
from llama_storage_tui.text import ELLIPSIS, plural
from llama_storage_tui.tui.records.response_wording import created_shown, owner_shown, short_ids, status_mark
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Response", most=40),
    ListColumn("Status", most=14),
    ListColumn("Created", most=20, is_wide_only=True),
    ListColumn("Owner", most=16, cuts_middle=True),
    ListColumn("Model", most=24, cuts_middle=True, is_wide_only=True),
    ListColumn("Remarks", grows=True, least=10),
)
DEEPEST: Final = 6
"""Forks inside forks that are still moved in."""

_REMARKS: Final = {
    LinkMark.UNREADABLE: Shown("✗ invalid JSON", Tone.BAD),
    LinkMark.CYCLE: Shown("✗ cycle", Tone.BAD),
    LinkMark.MISSING_PARENT: Shown("▲ previous response gone", Tone.WARNING),
    LinkMark.OWNER_CHANGED: Shown("▲ owner changed", Tone.WARNING),
    LinkMark.AMBIGUOUS: Shown("▲ others fit as well", Tone.WARNING),
    LinkMark.OLDER_THAN_PARENT: Shown("▲ older than the previous one", Tone.WARNING),
    LinkMark.GAP: Shown("▲ answers missing in between", Tone.WARNING),
}
"""What is odd about a response, the worst first."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A response in the tree: what is drawn before it, and how many go on from it."""

    link: ChainLink
    guides: str
    followers: int = 0


def tree(chain: Chain) -> list[TreeRow]:
    """Return a chain's responses in reading order: side branches stand right below their fork, the asked one's line goes on."""
    links = (*chain.links, *chain.children, *chain.branches)
    by_id = {link.id: link for link in links}
    path = {link.id for link in chain.links}
    followers: dict[str | None, list[str]] = {}
    for link in links:
        if link is not chain.links[0]:
            followers.setdefault(link.previous_response_id, []).append(link.id)
    rows: list[TreeRow] = []
    waiting = [(chain.links[0].id, 0, False)]
    seen: set[str] = set()
    while waiting:
        id_, level, begins = waiting.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        after = followers.get(id_, [])
        rows.append(TreeRow(by_id[id_], _guides(level, begins=begins), len(after)))
        main = next((each for each in after if each in path), after[0] if after else None)
        if main is not None:
            waiting.append((main, level, False))
        waiting += [(each, level + 1, True) for each in reversed(after) if each != main]
    return rows


def _guides(level: int, *, begins: bool) -> str:
    drawn = min(level, DEEPEST)
    deeper = ELLIPSIS if level > DEEPEST else ""
    return "│ " * (drawn - 1) + "├─" + deeper if begins else "│ " * drawn + deeper


def cells(
    rows: Sequence[TreeRow], chain: Chain, before: Mapping[str, str], zone: tzinfo | None
) -> list[tuple[Shown, ...]]:
    """Return the cells of rows; `before` gives the owner that a changed one had."""
    shorts = short_ids([row.link.id for row in rows])
    return [_cells(row, short, chain, before, zone) for row, short in zip(rows, shorts, strict=True)]


def _cells(
    row: TreeRow, short: str, chain: Chain, before: Mapping[str, str], zone: tzinfo | None
) -> tuple[Shown, ...]:
    link = row.link
    is_asked = link.id == chain.asked
    name = Shown(f"{row.guides}{'◆' if is_asked else '●'} {short}", Tone.KEY if is_asked else Tone.PLAIN)
    model = Shown("–", Tone.MUTED) if link.model is None else Shown(str(link.model))
    return (
        name,
        status_mark(link.status),
        created_shown(link.created_at, zone),
        owner_shown(link.owner),
        model,
        remarks(row, before, is_asked=is_asked),
    )


def remarks(row: TreeRow, before: Mapping[str, str], *, is_asked: bool) -> Shown:
    """Say what is odd about a response of a chain, the worst first, and what else is to know."""
    link = row.link
    odd = [(mark, remark) for mark, remark in _REMARKS.items() if mark in link.marks]
    words = [
        f"{remark.text} from {before[link.id]}"
        if mark is LinkMark.OWNER_CHANGED and link.id in before
        else remark.text
        for mark, remark in odd
    ]
    plain = [
        *(["this response"] if is_asked else []),
        *([f"fork: {plural(row.followers, 'continuation')}"] if row.followers > 1 else []),
        *(["inferred"] if link.inferred else []),
    ]
    tone = odd[0][1].tone if odd else Tone.MUTED
    return Shown(", ".join([*words, *plain]), tone)


def owners_before(chain: Chain) -> dict[str, str]:
    """Return, for each response whose owner is not the one's before, whose that was."""
    return {change.id: owner_shown(change.previous_owner).text for change in chain.owner_changes}


def facts(chain: Chain) -> list[Shown]:
    """Say how long a chain is, and what of it is broken."""
    number = len(chain.links) + len(chain.children) + len(chain.branches)
    found = [
        Shown(plural(number, "response")),
        Shown(f"{len(chain.links) - 1:,} before, {len(chain.children):,} after", Tone.MUTED),
    ]
    if chain.forks:
        found.append(Shown(plural(len(chain.forks), "fork"), Tone.KEY))
    if chain.missing_parent is not None:
        found.append(Shown(f"▲ the beginning is gone: {chain.missing_parent}", Tone.WARNING))
    if chain.cycle:
        found.append(Shown(f"✗ {plural(len(chain.cycle), 'response')} in a cycle", Tone.BAD))
    if chain.owner_changes:
        found.append(Shown(f"▲ {plural(len(chain.owner_changes), 'owner change')}", Tone.WARNING))
    inferred = sum(link.inferred for link in (*chain.links, *chain.children, *chain.branches))
    if inferred:
        found.append(Shown(f"{inferred:,} inferred from their inputs", Tone.KEY))
    if not chain.is_complete:
        found.append(Shown("▲ not all are shown", Tone.WARNING))
    return found
