"""The config as it stands in the file: a masked line for each of its lines, with where the values on it come from."""

from __future__ import annotations

from collections import defaultdict

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.environment import Use
from llama_storage_tui.config.load import load_context
from llama_storage_tui.config.masked_text import masked_text, scalars
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.services.catalog import open_document, read_environment
from llama_storage_tui.services.requests import LoadRequest

STDIN = "-"


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One line: its number in the file, its text with secrets masked, and the sources of its values in words."""

    number: int
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ConfigText:
    """The lines of a config; `is_whole` False where it is one text of a manifest, of which only that is shown.

    `has_file_lines` is False where the numbers are not the file's: in a text that is quoted or encoded in a manifest.
    """

    lines: tuple[ConfigLine, ...]
    is_whole: bool = True
    has_file_lines: bool = True


def read_config_text(request: LoadRequest, catalog: Catalog) -> ConfigText:
    """Read the file again and return its lines; raises ConfigError, and UsageError for a config that came from stdin."""
    if request.config == STDIN:
        raise UsageError(
            "The config came from stdin, which cannot be read again", help="Name a file instead."
        )
    document = open_document(request)
    context = load_context(
        document, read_environment(request), version=catalog.version.chosen, path_map=request.path_map
    )
    first = 1 + (document.line_offset or 0)
    sources = _sources(context)
    lines = masked_text(context).removesuffix("\n").split("\n")
    return ConfigText(
        tuple(
            ConfigLine(first + index, line.rstrip("\r"), ", ".join(dict.fromkeys(sources.get(index, ()))))
            for index, line in enumerate(lines)
        ),
        is_whole=document.manifest is None,
        has_file_lines=document.line_offset is not None,
    )


def _sources(context: Context) -> dict[int, list[str]]:
    """Return what is said of the values that begin on each line, from 0."""
    found: dict[int, list[str]] = defaultdict(list)
    for each in scalars(context):
        uses = context.resolution.uses.get(each.path, ()) if each.path else ()
        found[each.line] += [_source(use) for use in uses]
        if each.path and not uses and each.shown is not None:
            found[each.line].append("written in the file")
    return found


def _source(use: Use) -> str:
    if use.is_set:
        origin = use.origin
        where = (
            f"{origin.file} line {origin.line}"
            if origin is not None and origin.file is not None
            else "the environment"
        )
        return f"{use.variable} from {where}"
    return f"{use.variable} is not set" + ("" if use.operator == "" else ": default")


def lines_around(text: ConfigText, number: int, most: int) -> tuple[int, int]:
    """Return the indexes of the first line and the one after the last of a part that holds a line of that number."""
    index = number - text.lines[0].number if text.lines else 0
    start = max(0, min(index - most // 2, len(text.lines) - most))
    return start, min(len(text.lines), start + most)
