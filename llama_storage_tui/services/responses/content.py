"""The content of messages and outputs: texts, refusals, images and files as what they are. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.transcript import ContentPart, PartKind
from llama_storage_tui.services.responses.tolerant_json import (
    as_list,
    as_mapping,
    as_text,
    compact,
    masked_url,
    type_name,
)

_TEXTS: Final = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
_IMAGES: Final = frozenset({"input_image", "image_url", "image", "output_image"})
_FILES: Final = frozenset({"input_file", "file"})
_DATA_URL: Final = re.compile(r"data:([^;,]{0,100})[^,]{0,100},", re.ASCII)


def content_parts(content: object, problems: list[str]) -> tuple[ContentPart, ...]:
    """Return the pieces of a content: a text, or a list of pieces; what is odd is added to `problems`."""
    match content:
        case None:
            return ()
        case str():
            return (ContentPart(PartKind.TEXT, content),)
        case list():
            return tuple(_part(piece, problems) for piece in content)
        case dict():
            problems.append("its content is one object, not a list")
            return (_part(content, problems),)
        case _:
            problems.append(f"its content is {type_name(content)}")
            return (ContentPart(PartKind.OTHER, compact(content)),)


def text_of(parts: tuple[ContentPart, ...]) -> str:
    """Return the texts of parts, images and files as lines that say what they are."""
    return "\n".join(_written(part) for part in parts)


def _written(part: ContentPart) -> str:
    match part.kind:
        case PartKind.IMAGE | PartKind.FILE:
            return f"[{part.kind.value}: {part.text}]"
        case PartKind.REFUSAL:
            return f"[refusal] {part.text}"
        case PartKind.TEXT | PartKind.OTHER:
            return part.text


def _part(piece: object, problems: list[str]) -> ContentPart:
    if isinstance(piece, str):
        return ContentPart(PartKind.TEXT, piece)
    if not isinstance(piece, dict):
        problems.append(f"a piece of its content is {type_name(piece)}")
        return ContentPart(PartKind.OTHER, compact(piece))
    kind = piece.get("type")
    if isinstance(kind, str) and kind in _IMAGES:
        return _image(piece)
    if isinstance(kind, str) and kind in _FILES:
        return _file(piece)
    if kind == "refusal":
        return ContentPart(PartKind.REFUSAL, _needed(piece, "refusal", problems))
    if (isinstance(kind, str) and kind in _TEXTS) or (kind is None and "text" in piece):
        notes = tuple(_annotation(note) for note in as_list(piece.get("annotations")))
        return ContentPart(PartKind.TEXT, _needed(piece, "text", problems), notes)
    problems.append(f"a piece of its content is of the unknown type {as_text(kind)}")
    return ContentPart(PartKind.OTHER, compact(piece))


def _needed(piece: Mapping[str, object], name: str, problems: list[str]) -> str:
    value = piece.get(name)
    if not isinstance(value, str):
        problems.append(f"the {name} of a piece of its content is {type_name(value)}")
    return as_text(value) or ""


def _image(piece: Mapping[str, object]) -> ContentPart:
    url = piece.get("image_url")
    url = as_mapping(url).get("url") if isinstance(url, dict) else url
    if isinstance(url, str) and url:
        return ContentPart(PartKind.IMAGE, described(url), source="image_url")
    if piece.get("file_id"):
        return ContentPart(PartKind.IMAGE, f"file {as_text(piece['file_id'])}", source="file_id")
    return ContentPart(PartKind.IMAGE, "neither a URL nor a file id")


def _file(piece: Mapping[str, object]) -> ContentPart:
    held = {**piece, **as_mapping(piece.get("file"))}
    name = as_text(held.get("filename")) or ""
    for source in ("file_id", "file_data", "file_url"):
        value = held.get(source)
        if not value:
            continue
        text = as_text(value) or ""
        what = f"file {text}" if source == "file_id" else described(text)
        if source == "file_data" and not text.startswith("data:"):
            what = f"{_size(len(text)):,} bytes"
        return ContentPart(PartKind.FILE, ", ".join(found for found in (name, what) if found), source=source)
    return ContentPart(
        PartKind.FILE, name or "neither a file id nor data", source="filename" if name else None
    )


def _size(letters: int) -> int:
    """Return about how many bytes so many letters of base64 hold."""
    return letters * 3 // 4


def described(url: str) -> str:
    """Say what a URL leads to: of a data URL its type and size, never its data."""
    found = _DATA_URL.match(url)
    if found is None:
        return f"a data URL of {len(url):,} letters" if url.startswith("data:") else masked_url(url)
    return f"{found[1] or 'data'}, about {_size(len(url) - found.end()):,} bytes"


def _annotation(note: object) -> str:
    fields = as_mapping(note)
    words: list[object] = []
    match fields.get("type"):
        case "url_citation":
            words = [fields.get("title"), fields.get("url")]
        case "file_citation" | "container_file_citation" | "file_path":
            words = [fields.get("filename"), fields.get("file_id")]
    shown = [as_text(word) or "" for word in words if word]
    return f"{fields.get('type')}: {' '.join(shown)}" if shown else compact(note)
