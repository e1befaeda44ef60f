"""A whole new document in the place of an old one that is a text of a manifest, in the manifest's own way of writing it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from difflib import SequenceMatcher

import yaml

from llama_storage_tui.config.document import ConfigDocument, Manifest, get, parse_again
from llama_storage_tui.config.edit.operations import is_same
from llama_storage_tui.config.edit.scalar import scalar_source
from llama_storage_tui.config.edit.spans import spans
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.structure import apply_all
from llama_storage_tui.errors import ConfigError, RefusedError


def embed(document: ConfigDocument, text: str) -> str:
    """Return the text of the file with `text` in the place of the document's own; raises RefusedError where that fails."""
    manifest = document.manifest
    if manifest is None:
        return text
    around = manifest.document
    node = around.node(manifest.path)
    if not isinstance(node, yaml.ScalarNode):
        raise _refused(document)
    start, source = scalar_source(around.text, node)
    for splices in _ways(manifest, node, source, text, document.text):
        result = apply_all(
            around.text, (Splice(start + one.start, start + one.end, one.replacement) for one in splices)
        )
        if _holds(around, manifest, result, text):
            return result
    raise _refused(document)


def _refused(document: ConfigDocument) -> RefusedError:
    return RefusedError(
        f"{document.name}: the manifest is written in a way that cannot carry the new config",
        where=document.name,
    )


def _holds(around: ConfigDocument, manifest: Manifest, result: str, text: str) -> bool:
    """Tell whether the manifest holds the new document, and everything else as before."""
    try:
        after = parse_again(around, result)
    except ConfigError:
        return False
    wanted = base64.b64encode(text.encode()).decode() if manifest.is_base64 else text
    found = get(after.data, *manifest.path)
    if not isinstance(found, str) or (found if manifest.is_base64 else found.rstrip("\n")) != (
        wanted if manifest.is_base64 else wanted.replace("\r\n", "\n").rstrip("\n")
    ):
        return False
    return is_same(_without(around.data, manifest.path), _without(after.data, manifest.path))


def _without(data: object, path: tuple[str | int, ...]) -> object:
    """Return a copy of data with null at a path."""
    if not path:
        return None
    if isinstance(data, dict):
        return {key: _without(value, path[1:]) if key == path[0] else value for key, value in data.items()}
    if isinstance(data, list):
        return [_without(value, path[1:]) if index == path[0] else value for index, value in enumerate(data)]
    return data


def _ways(
    manifest: Manifest, node: yaml.ScalarNode, source: str, text: str, old: str
) -> Iterator[tuple[Splice, ...]]:
    if manifest.is_base64:
        written = base64.b64encode(text.encode()).decode()
        if node.style not in ("|", ">"):
            quote = node.style or ""
            yield (Splice(0, len(source), f"{quote}{written}{quote}"),)
        return
    if node.style == "|":
        yield (_literal(node, source, text),)
    if node.style == '"':
        yield from _quoted(node, source, text, old)
    if node.style not in ("|", ">"):
        yield (Splice(0, len(source), json.dumps(text, ensure_ascii=False)),)


def _literal(node: yaml.ScalarNode, source: str, text: str) -> Splice:
    newline = "\r\n" if "\r\n" in source else "\n"
    lines = source.splitlines()
    first = next((line for line in lines[1:] if line.strip()), "  ")
    value = next((line for line in node.value.splitlines() if line.strip()), "")
    indent = " " * ((len(first) - len(first.lstrip(" "))) - (len(value) - len(value.lstrip(" "))))
    body = [indent + line if line.strip() else line for line in text.splitlines()]
    end = len(source.rstrip("\r\n"))
    return Splice(0, end, newline.join([lines[0], *body]))


def _quoted(node: yaml.ScalarNode, source: str, text: str, old: str) -> Iterator[tuple[Splice, ...]]:
    """Change only the lines that differ in a double-quoted text, as kubectl writes one."""
    places = spans(source, node.value, '"')
    if places is None or node.value != old:
        return
    before, after = old.splitlines(keepends=True), text.splitlines(keepends=True)
    offsets = [0]
    for line in before:
        offsets.append(offsets[-1] + len(line))
    edits: list[Splice] = []
    for tag, first, last, new_first, new_last in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        start, end = offsets[first], offsets[last]
        written = json.dumps("".join(after[new_first:new_last]), ensure_ascii=False)[1:-1]
        at = places[start][0] if start < len(places) else len(source) - 1
        edits.append(Splice(at, places[end - 1][1] if end > start else at, written))
    yield tuple(edits)
