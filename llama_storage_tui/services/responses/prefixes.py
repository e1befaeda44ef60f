"""Which response a stored input continues, told by its items: for servers that store no previous_response_id.

A server before ogx 1.1 copies the parent's input and output into its child's input. Inputs therefore make a tree of items: here a
node is a prefix, and a response stands at the node of its input and ends at the node of its input and output. Documents are
dropped again, so that a chain of a thousand, whose inputs hold a million items in all, costs two thousand nodes. Pure functions and
values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from hashlib import blake2b
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.values import is_later, parse_json, time_rank
from llama_storage_tui.upstream.resuming import UNFINISHED

_UNCOMPARED: Final = ("id", "status")
"""A copy loses or gains them: the server fills them in when it stores."""
_TEXT_PARTS: Final = ("input_text", "output_text", "text")


@dataclass(frozen=True, slots=True)
class PossibleParent:
    """A response without a stored parent that may be somebody's parent or child; `bytes` is its row's size."""

    id: str
    created_at: Cell = None
    owner: str | None = None
    status: str | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Guess:
    """What the items of a response tell of its parent, None where nobody's answer begins its input.

    `is_ambiguous`: another fits as well. `has_gap`: its input goes on with answers that the parent did not give, or, without a
    parent, has answers at all: a response between them was deleted or cannot be read, or the client sent the history itself.
    """

    parent: str | None
    is_ambiguous: bool = False
    has_gap: bool = False


UNKNOWN: Final = Guess(None)


@dataclass(slots=True)
class _Node:
    """One prefix; `content` numbers the same prefix without its items' ids.

    `usual` is the child that was walked to last, with its item: comparing with it costs a tenth of hashing. It is kept from the
    second walk on, so that inputs that nobody shares are not kept.
    """

    parent: int
    content: int
    is_answer: bool
    usual: int = -1
    item: object = None


@dataclass(frozen=True, slots=True)
class _Placed:
    candidate: PossibleParent
    input: int
    end: int


@dataclass(slots=True)
class Prefixes:
    """The tree of all items of the candidates that were placed."""

    _nodes: list[_Node] = field(default_factory=lambda: [_Node(-1, 0, is_answer=False)])
    _steps: dict[tuple[int, bytes], int] = field(default_factory=dict)
    _contents: dict[tuple[int, bytes], int] = field(default_factory=dict)
    _placed: list[_Placed] = field(default_factory=list)
    _ends: dict[int, list[_Placed]] = field(default_factory=dict)

    def place(self, candidate: PossibleParent, input_text: Cell, output_text: Cell) -> bool:
        """Put a response into the tree by the JSON texts of its lists; False where they cannot be read."""
        given, answered = items_of_text(input_text), items_of_text(output_text)
        if given is None or (answered is None and output_text is not None):
            return False
        try:
            begin = self._walk(0, given)
            end = self._walk(begin, answered or [])
        except RecursionError:
            return False
        placed = _Placed(candidate, begin, end)
        self._placed.append(placed)
        # A server refuses to continue one that is not finished.
        if candidate.status not in UNFINISHED:
            self._ends.setdefault(self._nodes[end].content, []).append(placed)
        return True

    def guesses(self) -> dict[str, Guess]:
        """Return what can be told of each response that was placed."""
        return {placed.candidate.id: self._guess(placed) for placed in self._placed}

    def _walk(self, node: int, items: Sequence[object]) -> int:
        for item in items:
            before = self._nodes[node]
            # Equal values: True is 1 to Python, and to no server.
            node = before.usual if before.usual >= 0 and before.item == item else self._step(node, item)
        return node

    def _step(self, node: int, item: object) -> int:
        content = content_key(item)
        step = node, content + _id_key(item)
        found = self._steps.get(step)
        if found is None:
            return self._grow(node, step, content, is_answer=is_answer(item))
        self._nodes[node].usual, self._nodes[node].item = found, item
        return found

    def _grow(self, node: int, step: tuple[int, bytes], content: bytes, *, is_answer: bool) -> int:
        number = self._contents.setdefault((self._nodes[node].content, content), len(self._contents) + 1)
        self._nodes.append(_Node(node, number, is_answer))
        self._steps[step] = len(self._nodes) - 1
        return self._steps[step]

    def _guess(self, child: _Placed) -> Guess:
        """Climb from a response's input to the longest prefix that another one ends with."""
        below, node = child.input, self._nodes[child.input].parent
        has_gap = self._nodes[below].is_answer
        while node >= 0:
            ends = self._ends.get(self._nodes[node].content, ())
            fitting = [end for end in ends if self._fits(end, child, below)]
            if fitting:
                parent, is_ambiguous = _chosen(fitting, child, node)
                return Guess(parent, is_ambiguous, has_gap)
            has_gap = has_gap or self._nodes[node].is_answer
            below, node = node, self._nodes[node].parent
        return Guess(None, has_gap=has_gap)

    def _fits(self, end: _Placed, child: _Placed, below: int) -> bool:
        # What follows a response that never answered is the next question: an answer there is another response's.
        is_silent = end.input == end.end
        return end is not child and not (is_silent and self._nodes[below].is_answer)


def _chosen(fitting: Sequence[_Placed], child: _Placed, node: int) -> tuple[str, bool]:
    """Prefer the one whose items' ids stand in the input too, then one of the same owner that is not younger, then the oldest."""

    def likelihood(end: _Placed) -> tuple[bool, bool, bool]:
        return (
            end.end != node,
            is_later(end.candidate.created_at, child.candidate.created_at),
            end.candidate.owner != child.candidate.owner,
        )

    best = min(map(likelihood, fitting))
    alike = [end.candidate for end in fitting if likelihood(end) == best]
    oldest = min(alike, key=lambda each: (time_rank(each.created_at), each.id))
    return oldest.id, len(alike) > 1


def items_of_text(text: Cell) -> list[object] | None:
    """Parse a list of items; None where it is none. A plain text is one message, as the API has it."""
    found = parse_json(text) if isinstance(text, str) else None
    if found is None or not isinstance(found.data, list):
        return None
    return found.data


def content_key(item: object) -> bytes:
    """Return what an item says, as a hash: the same for a text alone and in a list of one part, whatever its id and status."""
    text = json.dumps(_comparable(item), sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).digest()


def _comparable(item: object) -> object:
    if not isinstance(item, Mapping):
        return item
    kept = {name: value for name, value in item.items() if name not in _UNCOMPARED and value is not None}
    if "content" in kept and kept.get("type", "message") == "message":
        return ["message", kept.get("role"), _parts(kept["content"])]
    return kept


def _parts(content: object) -> object:
    if isinstance(content, str):
        return [["text", content]]
    return [_part(part) for part in content] if isinstance(content, list) else content


def _part(part: object) -> object:
    if not isinstance(part, Mapping):
        return part
    if part.get("type") in _TEXT_PARTS:
        return ["text", part.get("text")]
    return {name: value for name, value in part.items() if value is not None}


def _id_key(item: object) -> bytes:
    id_ = item.get("id") if isinstance(item, Mapping) else None
    return json.dumps(id_).encode() if isinstance(id_, str) else b""


def is_answer(item: object) -> bool:
    """Tell whether an item is a model's: a message of the assistant, a call, a piece of reasoning; not what answers a call."""
    if not isinstance(item, Mapping):
        return False
    kind = item.get("type", "message")
    return (
        item.get("role") == "assistant"
        if kind == "message"
        else not str(kind).endswith(("_output", "_response"))
    )
