"""The text of a config as it stands in the file, its secrets masked: what an operator is shown of it.

Every secret is masked that a catalog masks, by its field's name and as userinfo; in comments too, where old passwords are left
standing, and in JSON inside of strings. Lines stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import yaml

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path
from llama_storage_tui.config.masking import is_secret_name, mask_expression, mask_userinfo, mask_written
from llama_storage_tui.secrets import MASK, Redactor

_NAMED: Final = re.compile(r"(?<![\w-])([A-Za-z_][\w-]*)([\"']?\s*[:=]\s*)(?=\S|$)")
_NO_SECRETS: Final = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool")


class Scalar(NamedTuple):
    """A value in the text: where it begins and ends, its line from 0, its path, what is shown of it (None: as it is written)."""

    start: int
    end: int
    line: int
    path: Path
    shown: str | None


def masked_text(context: Context) -> str:
    """Return the document's text with every secret masked, line for line."""
    return Redactor(context.secrets)(mask_document(context.document.text, context.document.root))


def mask_document(text: str, root: yaml.Node | None) -> str:
    """Return a text with what its parsed form and its comments tell to be secrets masked, line for line."""
    pieces: list[str] = []
    done = 0
    for found in sorted(_scalars(root), key=lambda each: each.start):
        if found.start < done:
            continue  # an alias: shown where it was defined
        pieces.append(_comments(text[done : found.start]))
        written = text[found.start : found.end]
        pieces.append(written if found.shown is None else _in_lines(found.shown, written))
        done = found.end
    pieces.append(_comments(text[done:]))
    return "".join(pieces)


def scalars(context: Context) -> Iterator[Scalar]:
    """Yield every key and value of the document; a value that is an alias comes under each of its paths."""
    return _scalars(context.document.root)


def _scalars(root: yaml.Node | None) -> Iterator[Scalar]:
    if root is not None:
        masked = {node for node, _, is_secret in _walk(root, (), is_secret=False) if is_secret}
        for node, path, _ in _walk(root, (), is_secret=False):
            # What one alias calls a secret is one wherever it is written.
            start = node.start_mark
            shown = _shown(node, is_secret=node in masked)
            yield Scalar(start.index, node.end_mark.index, start.line, path, shown)


def _walk(node: yaml.Node, path: Path, *, is_secret: bool) -> Iterator[tuple[yaml.ScalarNode, Path, bool]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if isinstance(key, yaml.ScalarNode):
                yield key, (), False
            yield from _walk(value, (*path, name), is_secret=is_secret or is_secret_name(name))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index), is_secret=is_secret)
    elif isinstance(node, yaml.ScalarNode):
        yield node, path, is_secret


def _shown(node: yaml.ScalarNode, *, is_secret: bool) -> str | None:
    value = str(node.value)
    if not value or node.tag in _NO_SECRETS:
        return None
    if is_secret:
        return mask_expression(value)
    shown = _named(mask_written(value))
    return None if shown == value else shown


def _in_lines(shown: str, written: str) -> str:
    """Put what is shown in place of what is written, on as many lines and in the same quotes."""
    kept = len(written) - len(written.rstrip())
    inner = written[: len(written) - kept]
    quote = inner[0] if inner[:1] in ("'", '"') else ""
    breaks = "\n" * inner.count("\n")
    return quote + shown.replace("\n", " ") + quote + breaks + written[len(inner) :]


def _comments(gap: str) -> str:
    """Mask what stands between values: secrets are in comments there, some of them a name on one line and its value below."""
    if "#" not in gap:
        return gap
    lines = [each.partition("#") for each in gap.split("\n")]
    texts = _named("\n".join(text.removesuffix("\r") for _, _, text in lines)).split("\n")
    return "\n".join(
        before + mark + mask_userinfo(shown) + ("\r" if text.endswith("\r") else "")
        for (before, mark, text), shown in zip(lines, texts, strict=True)
    )


def _named(text: str) -> str:
    """Mask what follows a secret's name and a colon or an equals sign: to the end of the line, and deeper lines below it."""
    lines: list[str] = []
    column: int | None = None  # where the line of a secret's name begins, while what follows may belong to it
    for line in text.split("\n"):
        written = line.lstrip()
        indent = len(line) - len(written)
        if column is not None and (indent > column or (indent == column and written.startswith("- "))):
            lines.append(line[:indent] + (MASK if written else ""))
            continue
        shown, has_secret = _named_line(line)
        if written:
            column = len(line) - len(line.lstrip(" \t-")) if has_secret else None
        lines.append(shown)
    return "\n".join(lines)


def _named_line(line: str) -> tuple[str, bool]:
    """Mask a secret on one line; tell whether there is one, or the name of one."""
    for found in _NAMED.finditer(line):
        if is_secret_name(found[1]):
            rest = line[found.end() :].strip()
            if not rest or MASK in rest:
                return line, True
            if rest.strip("'\" "):
                return line[: found.end()] + mask_expression(rest), True
    return line, False
