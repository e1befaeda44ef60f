"""A config's migration: the plan, the same with changes left out, and its writing. Planning reads and writes nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from difflib import unified_diff
from pathlib import Path
from typing import Final

from llama_storage_tui.config.document import ConfigDocument, encoded, show_path
from llama_storage_tui.config.edit.embed import embed
from llama_storage_tui.config.edit.masked import masked_text
from llama_storage_tui.config.environment import Environment
from llama_storage_tui.config.legacy import snippet_family, snippets
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import STDIN, config_path, read_document, read_file, read_stdin
from llama_storage_tui.config.migrate.run import MigratedText, migrate_text
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.files.staging import StagedFile
from llama_storage_tui.model.catalog import Catalog, Family
from llama_storage_tui.model.finding import Severity, Stage
from llama_storage_tui.model.migration import BackendLayout, ConfigMigration, NotCarried
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.catalog import read_environment
from llama_storage_tui.services.config_writing import WrittenConfig, replace_config
from llama_storage_tui.services.migration.renamed_home import keeps_folder
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.versions import newest

_LONE_RETURN: Final = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class MigrationRequest:
    """Which config is brought to which release, in which layout (None: the one that loses nothing with the fewest steps).

    `left` are the ids of changes that are not to be made.
    """

    load: LoadRequest
    to: str
    layout: BackendLayout | None = None
    left: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Source:
    """The file as it was read, once."""

    document: ConfigDocument
    content: bytes = field(repr=False)
    environment: Environment = field(repr=False)


async def plan_config_later(request: MigrationRequest) -> ConfigMigration:
    """Do as `plan_config` does, off the event loop."""
    return await asyncio.to_thread(plan_config, request)


def plan_config(request: MigrationRequest) -> ConfigMigration:
    """Return what the config becomes; raises ConfigError, UsageError for releases, RefusedError where no text can carry it."""
    after = newest(request.to)
    if after < changes.CATALOG:
        raise UsageError(
            f"{after.product} {after} has no backends with names, which came with {changes.CATALOG}",
            help=f"A config can be migrated to {changes.CATALOG} or later.",
        )
    source = _read(request.load)
    _refuse_line_ends(source.document)
    old = _catalog(
        source, source.document, None if request.load.version is None else newest(request.load.version)
    )
    before = old.version.chosen
    if after < before:
        raise UsageError(
            f"{source.document.name} is for {before.product} {before}, and {after.product} {after} is older",
            help="A config can be migrated to a later release only.",
        )
    layout, reason = choose_layout(source.document, before, after)
    if request.layout is not None and request.layout is not layout:
        layout, reason = request.layout, f"asked for; {layout} would do: {reason}"
    made = migrate_text(
        source.document.text,
        source.document.name,
        before=before,
        after=after,
        layout=layout,
        environment=source.environment,
        left=request.left,
        keeps_folder=keeps_folder(request.load.environ),
    )
    return _migration(source, before, after, (layout, reason), made)


def _refuse_line_ends(document: ConfigDocument) -> None:
    """Raise RefusedError where a carriage return alone ends a line: YAML allows it, but changes are made by lines."""
    found = _LONE_RETURN.search(document.text)
    if found is not None:
        line = len(document.text[: found.start()].splitlines()) + (document.line_offset or 0)
        raise RefusedError(
            f"{document.name}, line {line}: a carriage return alone ends the line; such a file cannot be changed in place",
            where=document.name,
            help="Save it with line feeds (LF, or CRLF), and try again.",
        )


def choose_layout(document: ConfigDocument, before: Version, after: Version) -> tuple[BackendLayout, str]:
    """Return the layout that loses nothing with the fewest steps, and why."""
    data = document.data if isinstance(document.data, dict) else {}
    if before >= changes.CATALOG or after < changes.CATALOG:
        return BackendLayout.KEEP, "every store stays in the backend that it has"
    found = [(snippet_family(path), snippet) for path, snippet in snippets(data)]
    files = {
        str(snippet.get("db_path"))
        for family, snippet in found
        if family is Family.KV and snippet["type"] == "sqlite"
    }
    if len(files) < 2:
        return BackendLayout.KEEP, "the inline stores are few enough that each keeps its place"
    release = f"{after.product} {after}"
    if after < changes.NAMESPACES_IN_SQLITE:
        return BackendLayout.KEEP, (
            f"{release} reads the keys of SQLite files as 0.2 wrote them, so that with a backend for each file no key has to move"
        )
    return BackendLayout.MERGE, (
        f"{release} reads no key of SQLite as 0.2 wrote it: all have to be moved anyway, into one file, "
        "and the old files stay as they are"
    )


def unified(migration: ConfigMigration) -> str:
    """Return the difference between the two files, secrets masked; empty where there is none."""
    lines = unified_diff(
        _lines(migration.shown_old),
        _lines(migration.shown),
        migration.config,
        f"{migration.config} (for {migration.after.product} {migration.after})",
        lineterm="",
    )
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _read(load: LoadRequest) -> _Source:
    path = config_path(load.config, load.environ)
    name = STDIN if path is None else str(path)
    content = read_stdin() if path is None else read_file(path)
    return _Source(read_document(content, name, key=load.key), content, read_environment(load))


def _catalog(source: _Source, document: ConfigDocument, version: Version | None) -> Catalog:
    # Whether a variable is set here says nothing about the config.
    environment = replace(source.environment, assumes_set=True)
    return load_catalog(document, environment, version=version)


def _migration(
    source: _Source, before: Version, after: Version, layout: tuple[BackendLayout, str], made: MigratedText
) -> ConfigMigration:
    document = source.document
    is_changed = made.text != document.text
    whole = embed(document, made.text) if is_changed else ""
    content = encoded(whole, like=source.content) if is_changed else source.content
    key = str(document.manifest.path[-1]) if document.manifest is not None else None
    new = read_document(content, document.name, key=key) if is_changed else document
    judged = _catalog(source, new, after)
    line = document.manifest is not None or document.line_offset != 0
    lost = tuple(_with_file_lines(document, made.not_carried)) if line else made.not_carried
    moved = (
        tuple(replace(one, line=_file_line(document, one.line)) for one in made.changes)
        if line
        else made.changes
    )
    return ConfigMigration(
        document.name,
        before,
        after,
        layout[0],
        layout[1],
        moved,
        (*lost, *_errors(document, judged, made)),
        made.text,
        masked_text(document.text, document.name, judged.secrets),
        masked_text(made.text, document.name, judged.secrets),
        source.content,
        content,
        loads=judged.verdict.loads,
        starts=judged.verdict.starts,
        first_line=None if document.line_offset is None else document.line_offset + 1,
    )


def _file_line(document: ConfigDocument, line: int | None) -> int | None:
    return None if line is None or document.line_offset is None else line + document.line_offset


def _with_file_lines(document: ConfigDocument, found: tuple[NotCarried, ...]) -> Iterator[NotCarried]:
    for one in found:
        yield replace(one, line=_file_line(document, one.line))


def _errors(document: ConfigDocument, judged: Catalog, made: MigratedText) -> Iterator[NotCarried]:
    """Yield what still keeps a server of the new release from loading the file or starting with it."""
    said = {one.path for one in made.not_carried}
    for finding in judged.findings:
        if finding.severity is not Severity.ERROR or finding.stage is Stage.NEVER or finding.where in said:
            continue
        line = document.line(_path_of(finding.where, document.data))
        yield NotCarried(finding.where, line, f"{finding.message}.".replace("..", "."))


def _path_of(where: str, data: object) -> tuple[str | int, ...]:
    """Return the path that a finding's text names, as far as the old document has it."""
    found: tuple[str | int, ...] = ()
    node = data
    while isinstance(node, Mapping | list):
        steps: list[str | int] = [*node] if isinstance(node, Mapping) else [*range(len(node))]
        step = next(
            (
                one
                for one in steps
                if where == show_path((*found, one))
                or where.startswith((show_path((*found, one)) + ".", show_path((*found, one)) + "["))
            ),
            None,
        )
        if step is None:
            break
        found = (*found, step)
        node = node[step]  # type: ignore[index]
    return found


def save_config(migration: ConfigMigration, path: Path) -> WrittenConfig:
    """Write the new config to a file that is not there yet; raises RefusedError."""
    with StagedFile(path) as file:
        file.write_bytes(migration.content)
    return WrittenConfig(path)


def write_config(migration: ConfigMigration, load: LoadRequest) -> WrittenConfig:
    """Put the new config in the place of the old one, which is kept beside it; raises as `replace_config` does."""
    return replace_config(load, migration.old_content, migration.content, kept_as=f"before-{migration.after}")
