"""One YAML scalar changed in place, found by its node's marks.

Each way of writing the new value is tried on the whole text and read back: taken is the first after which the document differs
from before in that value and nowhere else. So quoting rules of flow and block context need no second implementation here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator
from typing import Final

import yaml

from llama_storage_tui.config.document import ConfigDocument, Path, get, parse_again, show_path
from llama_storage_tui.config.edit.spans import spans
from llama_storage_tui.config.edit.splice import Splice, check_writable
from llama_storage_tui.errors import ConfigError, RefusedError

_HEADER: Final = re.compile(r"[|>][-+0-9]*([^\r\n]*)")
_ESCAPED: Final = re.compile(
    r'["\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]'
)


def document_splice(
    document: ConfigDocument, path: Path, change: Splice, *, shared_with: Collection[Path] = ()
) -> Splice:
    """Turn a change of the text value at `path` into a change of the file that holds the document.

    `shared_with` are further paths that may change with it, because an alias or a merge key makes them one place of the file.
    Raises RefusedError with a sentence where the place cannot carry the value, or where more would change.
    """
    check_writable(change.replacement)
    inner = scalar_splice(document, path, change, shared_with=shared_with)
    if document.manifest is None:
        return inner
    around, place = document.manifest.document, document.manifest.path
    if document.manifest.is_base64:
        written = get(around.data, *place)
        text = base64.b64encode(inner.apply(document.text).encode()).decode()
        inner = Splice(0, len(written) if isinstance(written, str) else 0, text)
    return scalar_splice(around, place, inner)


def scalar_splice(
    document: ConfigDocument, path: Path, change: Splice, *, shared_with: Collection[Path] = ()
) -> Splice:
    """Do the same within one document: offsets are those of `document.text`."""
    value = get(document.data, *path)
    node = document.node(path)
    if not isinstance(value, str) or not isinstance(node, yaml.ScalarNode) or node.value != value:
        raise _refused(document, path, "is not text that can be edited in place")
    start, source = scalar_source(document.text, node)
    if not source:
        raise _refused(document, path, "is empty: there is nothing to edit in place")
    wanted = change.apply(value)
    more: tuple[Path, ...] = ()
    for candidate in _candidates(source, node, change):
        splice = Splice(start + candidate.start, start + candidate.end, candidate.replacement)
        changed = _changed(document, splice)
        if changed is None or get(changed[1].data, *path) != wanted:
            continue
        more = tuple(other for other in changed[0] if other != path and other not in shared_with)
        if not more:
            return splice
    if more:
        raise RefusedError(
            f"{document.name}: the value at {show_path(path)} is anchored, and {show_path(more[0])} takes it over with an alias",
            where=show_path(path),
            help="Write the two values apart if they are not one credential.",
        )
    raise _refused(document, path, "cannot carry the new value the way it is written")


def scalar_source(text: str, node: yaml.ScalarNode) -> tuple[int, str]:
    """Return where the scalar itself starts and how it is written: a node's marks include its anchor and tag."""
    start, end = node.start_mark.index, node.end_mark.index
    if text[start : start + 1] in ("&", "!"):
        tokens = (token for token in yaml.scan(text, yaml.SafeLoader) if isinstance(token, yaml.ScalarToken))
        start = next((token.start_mark.index for token in tokens if token.end_mark.index == end), end)
    return start, text[start:end]


def _candidates(source: str, node: yaml.ScalarNode, change: Splice) -> Iterator[Splice]:
    value, style = node.value, node.style
    places = spans(source, value, style)
    if places is not None and change.end <= len(places):
        yield _narrow(places, change, style, len(source))
    is_block = style in ("|", ">")
    if not change.is_whole(value) and ("\n" in source or "\r" in source):
        # Writing anew what spans lines would change more bytes than the value has.
        return
    for quote in (*((str,) if style is None else ()), _single, _double):
        written = quote(change.apply(value))
        if not is_block:
            yield Splice(0, len(source), written)
        elif header := _HEADER.match(source):
            yield Splice(0, len(source.rstrip()), written + header[1])


def _narrow(places: list[tuple[int, int]], change: Splice, style: str | None, length: int) -> Splice:
    """Change only the characters that write the replaced part, in the scalar's own style."""
    written = change.replacement
    if style == "'":
        written = written.replace("'", "''")
    elif style == '"':
        written = _ESCAPED.sub(_escape, written)
    if change.start < change.end:
        return Splice(places[change.start][0], places[change.end - 1][1], written)
    at = places[change.start][0] if change.start < len(places) else length - (style in ("'", '"'))
    return Splice(at, at, written)


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _double(value: str) -> str:
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in '"\\':
        return "\\" + character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def _changed(document: ConfigDocument, splice: Splice) -> tuple[tuple[Path, ...], ConfigDocument] | None:
    """Return which paths differ after the change, and the new document; None where it is no document any more."""
    try:
        after = parse_again(document, splice.apply(document.text))
    except ConfigError:
        return None
    return tuple(differences(document.data, after.data)), after


def differences(before: object, after: object, path: Path = ()) -> Iterator[Path]:
    """Yield the paths at which two documents' data differ; True is not 1, and one NaN is like another."""
    if isinstance(before, dict) and isinstance(after, dict) and list(before) == list(after):
        for key in before:
            step = key if isinstance(key, str | int) else str(key)
            yield from differences(before[key], after[key], (*path, step))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, index))
    elif type(before) is not type(after) or (before != after and (before == before or after == after)):
        yield path


def _refused(document: ConfigDocument, path: Path, why: str) -> RefusedError:
    line = document.file_line(path)
    at = f", line {line}" if line else ""
    return RefusedError(
        f"{document.name}{at}: the value at {show_path(path)} {why}",
        where=show_path(path),
        help="Write it as a plain or quoted text on one line, or choose a password of letters and digits.",
    )
