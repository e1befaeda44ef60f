"""A config's text as it may be shown: every secret masked where it is written, everything else as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.structure import apply_all
from llama_storage_tui.config.masking import is_secret_name, mask_expression, mask_userinfo, mask_written
from llama_storage_tui.secrets import MASK

_IN_COMMENT: Final = re.compile(r"(#.*?\b)([\w-]+)(\s*[:=]\s*)(\S.*)$", re.MULTILINE)


def masked_text(text: str, name: str) -> str:
    """Return a document's text with every secret masked; its lines stay the same lines. Raises ConfigError."""
    layout = TextLayout(text, name)
    splices = [] if layout.root is None else [*_secrets(layout, layout.root, is_secret=False)]
    return _IN_COMMENT.sub(_masked_comment, apply_all(text, splices))


def _masked_comment(found: re.Match[str]) -> str:
    head, name, sign, value = found.groups()
    shown = mask_expression(value) if is_secret_name(name) else mask_userinfo(value)
    return f"{head}{name}{sign}{shown}"


def _secrets(layout: TextLayout, node: yaml.Node, *, is_secret: bool) -> Iterator[Splice]:
    for entry in layout.entries(node):
        if entry.is_alias:
            continue
        hides = is_secret or (isinstance(entry.step, str) and is_secret_name(entry.step))
        if not isinstance(entry.node, yaml.ScalarNode):
            yield from _secrets(layout, entry.node, is_secret=hides)
            continue
        value = entry.node.value
        shown = mask_expression(value) if hides else mask_written(value)
        is_word = entry.node.tag.rpartition(":")[2] in ("null", "bool")
        if value and shown != value and not (hides and is_word):
            yield _masked(layout, entry.value, entry.end, shown)


def _masked(layout: TextLayout, start: int, end: int, shown: str) -> Splice:
    source = layout.text[start:end]
    breaks = source.count("\n")
    if not breaks:
        quote = source[0] if source[:1] in ("'", '"') else ""
        return Splice(start, end, f"{quote}{shown}{quote}")
    return Splice(start, end, MASK + "\n" * breaks)
