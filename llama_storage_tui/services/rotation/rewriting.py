"""The new bytes of every file, proved by reading them back before anything is written anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import decode, encoded
from llama_storage_tui.config.edit.scalar import differences, document_splice
from llama_storage_tui.config.edit.splice import Splice, check_writable
from llama_storage_tui.config.edit.uri import encode_password
from llama_storage_tui.config.edit.variable import variable_splice
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.config.password_locations import Carrier, CarrierKind
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError, RefusedError
from llama_storage_tui.model.rotation import LineChange
from llama_storage_tui.secrets import MASK, Redactor, Secret
from llama_storage_tui.services.rotation.discovery import CredentialEntry, find_entries
from llama_storage_tui.services.rotation.sources import RotationRequest, Sources, read_sources


@dataclass(frozen=True, slots=True)
class Writing:
    """A carrier that is written, with the login that it belongs to."""

    entry: CredentialEntry
    carrier: Carrier


@dataclass(frozen=True, slots=True)
class Rewritten:
    """New bytes by real path, and the lines that differ, masked."""

    contents: Mapping[Path, bytes] = field(repr=False)
    changes: tuple[LineChange, ...]


def rewrite(sources: Sources, writings: Iterable[Writing], new: Secret, redact: Redactor) -> Rewritten:
    """Put a password into every carrier; raises RefusedError with a sentence where one cannot carry it."""
    check_writable(new.reveal())
    writings = tuple(writings)
    for writing in writings:
        _check_consumers(writing, new)
    contents: dict[Path, bytes] = {}
    changes: list[LineChange] = []
    for name, edits in _by_file(sources, writings).items():
        real = sources.real[name]
        before = contents.get(real, sources.contents[real])
        text = decode(before, name)
        for edit in edits:
            splice = _splice(sources, edit, writings, text, name, new)
            changes.append(_line_change(name, text, splice, redact, is_legible=_is_legible(edit)))
            text = splice.apply(text)
        contents[real] = encoded(text, like=before)
    return Rewritten(contents, tuple(sorted(changes, key=lambda change: (change.file, change.line))))


def prove(
    request: RotationRequest,
    sources: Sources,
    writings: Iterable[Writing],
    new: Secret,
    contents: Mapping[Path, bytes],
) -> None:
    """Read the new bytes with the real loader: every login must yield the new password, and nothing else may differ.

    Raises RefusedError otherwise.
    """
    writings = tuple(writings)
    try:
        after = read_sources(request, contents)
    except ConfigError as error:
        raise RefusedError(
            f"With the new password {error.where or 'a file'} could no longer be read"
        ) from None
    found = {(entry.holder.config, entry.holder.path): entry for entry in find_entries(after)}
    expected = {(writing.entry.holder.config, writing.entry.holder.path) for writing in writings}
    for writing in writings:
        _check_reading(writing, found.get((writing.entry.holder.config, writing.entry.holder.path)), new)
    for before, now in zip(sources.contexts, after.contexts, strict=True):
        _compare(
            before,
            now,
            expected,
            {writing.carrier.path for writing in writings if writing.carrier.is_of_document},
        )
    variables = {writing.carrier.variable for writing in writings}
    for file, again in zip(sources.env_files, after.env_files, strict=True):
        changed = {
            name
            for name in file.variables.keys() | again.variables.keys()
            if file.variables.get(name) != again.variables.get(name)
        }
        if changed - variables:
            raise RefusedError(f"{file.name}: more than the password would change", where=file.name)


def _check_reading(writing: Writing, after: CredentialEntry | None, new: Secret) -> None:
    """Refuse where the login yields something else, or the place that was written does, used or not."""
    holder, carrier = writing.entry.holder, writing.carrier
    place = (carrier.kind, carrier.file, carrier.variable)
    if after is not None and after.password == new:
        for found in after.carriers:
            if (found.kind, found.file, found.variable) == place and holder.as_read(found.password) == new:
                return
    raise RefusedError(
        f"{holder.config}: {holder.shown} would read back something else than the new password",
        where=holder.shown,
        help="Choose a password of letters and digits, or let it be generated.",
    )


def _compare(
    before: Context,
    after: Context,
    expected: set[tuple[str, tuple[str | int, ...]]],
    edited: set[tuple[str | int, ...]],
) -> None:
    name = before.document.name
    resolved = {
        after.resolution.file_path(path)
        for path in differences(before.resolution.data, after.resolution.data)
    }
    raw = set(differences(before.document.data, after.document.data))
    if not all((name, path) in expected for path in resolved) or not raw <= edited:
        raise RefusedError(f"{name}: more than the password would change", where=name)


def _check_consumers(writing: Writing, new: Secret) -> None:
    text = new.reveal()
    holder, carrier = writing.entry.holder, writing.carrier
    if holder.is_pasted and set(text) & set("@%"):
        raise RefusedError(
            f"{holder.config}: {holder.shown} is pasted into a URL by servers before 1.0.3, where @ and % mean something else",
            where=holder.shown,
            help="Choose a password of letters and digits, or let it be generated.",
        )
    if carrier.kind is not CarrierKind.LITERAL and not carrier.is_encoded and text.startswith("~"):
        # Which names are expanded depends on the users of the server's machine, not of this one.
        raise RefusedError(
            f"{holder.config}: {holder.shown} goes through ${{env.…}}, where servers expand a ~ at the beginning",
            where=holder.shown,
            help="Choose a password of letters and digits, or let it be generated.",
        )
    if carrier.kind is CarrierKind.DEFAULT and not carrier.is_encoded and "}" in text:
        raise RefusedError(
            f"{holder.config}: {holder.shown} has the password as a default, which cannot hold a }}",
            where=holder.shown,
            help="Choose a password of letters and digits, or let it be generated.",
        )


def _by_file(sources: Sources, writings: tuple[Writing, ...]) -> dict[str, list[Writing]]:
    """Group by file, each place once: two fields may read one variable, or one anchored scalar."""
    files: dict[str, list[Writing]] = {}
    seen: set[object] = set()
    for writing in writings:
        carrier = writing.carrier
        file = carrier.file
        if file is None:
            continue
        if carrier.is_of_document:
            node = writing.entry.context.document.node(carrier.path)
            place: object = (sources.real[file], id(node), carrier.start)
        else:
            place = (sources.real[file], carrier.variable)
        if place not in seen:
            seen.add(place)
            files.setdefault(file, []).append(writing)
    return files


def _splice(
    sources: Sources, edit: Writing, writings: tuple[Writing, ...], text: str, name: str, new: Secret
) -> Splice:
    carrier = edit.carrier
    replacement = encode_password(new.reveal()) if carrier.is_encoded else new.reveal()
    change = Splice(carrier.start, carrier.end, replacement)
    if not carrier.is_of_document:
        return variable_splice(text, name, carrier.variable or "", change)
    document = read_document(text.encode(), name, key=sources.key)
    return document_splice(document, carrier.path, change, shared_with=tuple(_paths(edit, writings)))


def _paths(edit: Writing, writings: tuple[Writing, ...]) -> Iterator[tuple[str | int, ...]]:
    for other in writings:
        if other.carrier.is_of_document and other.entry.context is edit.entry.context:
            yield other.carrier.path


def _is_legible(edit: Writing) -> bool:
    """Tell whether the line around a password can be shown: a quoted or encoded text holds other secrets in other forms."""
    document = edit.entry.context.document
    return not edit.carrier.is_of_document or document.manifest is None or document.line_offset is not None


def _line_change(name: str, text: str, splice: Splice, redact: Redactor, *, is_legible: bool) -> LineChange:
    start = max(text.rfind("\n", 0, splice.start), text.rfind("\r", 0, splice.start)) + 1
    end = min(
        (at for at in (text.find("\n", splice.end), text.find("\r", splice.end)) if at >= 0),
        default=len(text),
    )
    head, tail = ("… ", " …")
    if is_legible:
        head, tail = redact(text[start : splice.start]), redact(text[splice.end : end])
    return LineChange(
        name, text.count("\n", 0, splice.start) + 1, f"{head}{MASK}{tail}", f"{head}{MASK} (new){tail}"
    )
