"""YAML text to nodes and data, with every way in which that fails told in one sentence with a line.

The parser's own messages may quote the file (`found undefined alias 'PASSWORD'`), so they are never passed on as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from yaml.composer import Composer

from llama_storage_tui.errors import ConfigError

MAXIMUM_NODES: Final = 50_000
MAXIMUM_EXPANDED_NODES: Final = 200_000
"""How many nodes the document may have when every alias is written out. The largest shipped config has some 2,000."""
MAXIMUM_DEPTH: Final = 100

_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_HELP: Final = (
    (
        "undefined alias",
        "A value that begins with * is an alias; put it in quotes if it is text.",
    ),
    (
        "constructor for the tag",
        "A value that begins with ! is a tag; put it in quotes if it is text.",
    ),
    ("cannot start any token", "Put a value that begins with %, @, ` or a tab in quotes."),
    ("expected <block end>", "The lines of one block must be indented alike."),
    ("could not find expected ':'", "A key needs a colon and a space after it."),
    ("mapping values are not allowed", "A value that holds a colon and a space must be in quotes."),
)


class DocumentOrigin:
    """A file's name and how its lines count, for messages: `line_offset` is None where lines do not correspond."""

    def __init__(self, name: str, line_offset: int | None) -> None:
        self.name = name
        self.offset = line_offset

    def error(
        self,
        mark: yaml.Mark | None,
        problem: str,
        help_: str | None = None,
        *,
        with_column: bool = False,
    ) -> ConfigError:
        """Return an error on the line of a mark."""
        if mark is None:
            return ConfigError(f"{self.name}: {problem}", where=self.name, help=help_)
        column = f", column {mark.column + 1}" if with_column else ""
        if self.offset is None:
            return ConfigError(
                f"{self.name}, line {mark.line + 1} of the entry{column}: {problem}",
                where=self.name,
                help=help_,
            )
        line = mark.line + 1 + self.offset
        return ConfigError(
            f"{self.name}, line {line}{column}: {problem}", where=f"{self.name}:{line}", help=help_
        )


class _Composer(Composer):
    """A composer with limits."""

    place: DocumentOrigin
    depth = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - the parser's own
        mark = self.peek_event().start_mark  # type: ignore[attr-defined]
        self.depth += 1
        self.count += 1
        if self.depth > MAXIMUM_DEPTH:
            raise self.place.error(mark, "nested too deeply", f"The limit is {MAXIMUM_DEPTH} levels.")
        if self.count > MAXIMUM_NODES:
            raise self.place.error(mark, f"more than {MAXIMUM_NODES:,} values, so it is not a run config")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Loader(_Composer, yaml.SafeLoader):
    """The safe loader with limits, and with a line for values that their tag cannot be made of."""

    def __init__(self, text: str, place: DocumentOrigin) -> None:
        super().__init__(text)
        self.place = place

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - the parser's own
        try:
            value = super().construct_object(node, deep=deep)
            if isinstance(value, int):
                str(value)
        except (ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError):
            # A timestamp such as 2026-13-45, an integer such as 0x or of more digits than Python writes, `!!bool word`.
            tag = node.tag.rpartition(":")[2]
            raise self.place.error(
                node.start_mark, f"not YAML: a value that cannot be read as {tag}"
            ) from None
        else:
            return value


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class _QuickLoader(_Composer, CParser, yaml.resolver.Resolver):
        """Composes what the parser in C reads."""

        def __init__(self, text: str, place: DocumentOrigin) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            yaml.resolver.Resolver.__init__(self)
            self.place = place

        def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:  # noqa: ANN401 - the parser's own
            node: yaml.ScalarNode = super().compose_scalar_node(anchor)
            node.style = node.style or None  # the parser in C calls a plain one ""
            return node

    _Quick: type[_QuickLoader] | None = _QuickLoader
else:
    _Quick = None

_DIFFERENT: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|\?|(?:^|[\s,\[{])!",
    re.MULTILINE,
)
"""Where the parsers in C and in Python read differently: characters that only one takes or takes for a line's end, a `?` in a flow
collection, the tag `!`."""


def _quickly(text: str, place: DocumentOrigin) -> list[yaml.Node] | None:
    """Return the root nodes of every document by the parser in C, eight times as quick; None where it may see another text.

    Nodes are what the parser in Python makes, which servers have, but for the end of a block and whether a list is known to be one.
    """
    is_ended = text.endswith("\n") or (text.startswith("{") and text.endswith("}") and "#" not in text)
    if _Quick is None or not is_ended or _DIFFERENT.search(text) is not None:
        return None
    loader = _Quick(text, place)
    found: list[yaml.Node] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                found.append(node)
    except (yaml.YAMLError, ConfigError):
        return None  # the other one says it in its own words
    else:
        return found
    finally:
        loader.dispose()


def compose(text: str, place: DocumentOrigin) -> yaml.Node | None:
    """Return the root node of the one document in a text, None of an empty one; raises ConfigError."""
    found = _quickly(text, place)
    if found is None or len(found) > 1:
        found = _slowly(text, place, is_one=True)
    return found[0] if found else None


def compose_all(text: str, place: DocumentOrigin) -> list[yaml.Node]:
    """Return the root nodes of every document of a text; raises ConfigError."""
    found = _quickly(text, place)
    return _slowly(text, place, is_one=False) if found is None else found


def _slowly(text: str, place: DocumentOrigin, *, is_one: bool) -> list[yaml.Node]:
    """Return the root nodes by the parser in Python; raises ConfigError, where only one is wanted also for a second document."""
    loader = None
    found: list[yaml.Node] = []
    try:
        loader = _Loader(text, place)
        while loader.check_node():
            if found and is_one:
                raise place.error(
                    loader.peek_event().start_mark,  # type: ignore[no-untyped-call]
                    "holds several YAML documents; a server reads exactly one",
                    "Name a file with one document, or put each into a file of its own.",
                )
            node = loader.get_node()
            if node is not None:
                found.append(node)
    except yaml.MarkedYAMLError as error:
        raise syntax_error(error, place) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        mark = yaml.Mark(place.name, error.position, line, 0, None, 0)
        raise place.error(
            mark, f"not YAML: a character that YAML does not allow (U+{ord(text[error.position]):04X})"
        ) from None
    else:
        return found
    finally:
        if loader is not None:
            loader.dispose()


def construct(root: yaml.Node | None, place: DocumentOrigin) -> object:
    """Return the data of a node, as `yaml.safe_load` makes it; raises ConfigError."""
    if root is None:
        return None
    loader = _Loader("", place)
    try:
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise syntax_error(error, place) from None
    finally:
        loader.dispose()


def syntax_error(error: yaml.MarkedYAMLError, place: DocumentOrigin) -> ConfigError:
    """Turn the parser's error into ours, without any text of the file."""
    problem = error.problem or error.context or "syntax error"
    help_ = next((help_ for part, help_ in _HELP if part in problem), None)
    if r"\t" in problem:
        help_ = "YAML does not allow tabs for indentation."
    # A single quoted character, or one of the parser's own token names, says something; anything longer may be a secret.
    shown = _QUOTED.sub(lambda found: found[0] if _is_harmless(found[0][1:-1]) else "…", problem)
    return place.error(
        error.problem_mark or error.context_mark, f"not YAML: {shown}", help_, with_column=True
    )


def _is_harmless(quoted: str) -> bool:
    return len(quoted) == 1 or quoted == r"\t" or (quoted.startswith("<") and quoted.endswith(">"))


def refuse_bombs(root: yaml.Node | None, place: DocumentOrigin) -> None:
    """Refuse a document that is cyclic, or huge once its aliases are written out."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_:
            raise place.error(node.start_mark, "an alias refers to itself")
        if depth > MAXIMUM_DEPTH:
            raise place.error(node.start_mark, "nested too deeply", f"The limit is {MAXIMUM_DEPTH} levels.")
        open_.add(id(node))
        total = 1 + sum(size(child, depth + 1) for child in _children(node))
        open_.discard(id(node))
        if total > MAXIMUM_EXPANDED_NODES:
            raise place.error(
                node.start_mark,
                f"its aliases write out to more than {MAXIMUM_EXPANDED_NODES:,} values",
                "This is how an alias bomb looks; no run config is that large.",
            )
        sizes[id(node)] = total
        return total

    if root is not None:
        size(root, 0)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
