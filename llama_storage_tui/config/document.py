"""One YAML document with the line of everything in it.

The text is composed to nodes once; data and lines come from the same nodes, so a finding's line is the parser's own. The data
is what `yaml.safe_load` gives, because that is what a server reads: anchors, merge keys, YAML 1.1 booleans, last duplicate
wins. What a server would survive but this program should not (an alias bomb, a file of many megabytes) is refused by name.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

import yaml

from llama_storage_tui.config.nodes import DocumentOrigin, compose, compose_all, construct, refuse_bombs
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.secrets import MASK, password_span

MAXIMUM_BYTES: Final = 5_000_000

PathStep = str | int
Path = tuple[PathStep, ...]
"""A place in the document: keys and list indexes from the root."""


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """A key that a mapping has twice: the server silently takes the last one."""

    path: Path
    first_line: int
    line: int


@dataclass(frozen=True, slots=True)
class ConfigDocument:
    """Parsed data with lines. `data` is whatever the document holds; `name` is what messages call the file.

    `first_line` is the line of the file on which the document's text begins: more than 1 where it is embedded in a manifest.
    """

    name: str
    text: str = field(repr=False)
    data: object = field(repr=False)
    root: yaml.Node | None = field(repr=False)
    duplicates: tuple[DuplicateKey, ...] = ()
    line_offset: int | None = 0
    """What to add to a line of the document to get a line of the file; None where lines do not correspond (a flow or folded
    scalar of a manifest)."""
    manifest: Manifest | None = field(default=None, repr=False)
    """The manifest that holds this document as one of its texts; None where the document is the file."""
    is_stream: bool = False
    """Whether `data` is a list of the documents of a file with several."""
    variables: tuple[DeployedVariable, ...] = field(default=(), repr=False)
    """What the manifests around the config set for the server."""
    mounts: tuple[Mount, ...] | None = None
    """Where the server's containers have volumes; None where no manifest says what it runs in."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """Where the server gets further variables from, and the manifests do not say which."""
    replicas: int = 1
    """How many servers the manifests around the config start."""
    workers: int | None = None
    """How many workers each of them has, where a manifest says so."""
    remarks: tuple[Finding, ...] = ()
    """What is wrong between the manifests around the config."""
    _entries: dict[int, dict[str, tuple[int, yaml.Node]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Of each mapping that was looked into, by the id of its node, the lines and values of its keys."""

    def line(self, path: Path) -> int | None:
        """Return the line (from 1) of the deepest part of `path` that exists; of a mapping's entry, its key's line."""
        if self.root is None or self.line_offset is None:
            return None
        found = self.root.start_mark.line
        node: yaml.Node | None = self.root
        for step in path:
            entry = self._child(node, step)
            if entry is None:
                break
            mark, node = entry
            found = mark
        return found + 1 + self.line_offset

    def value_line(self, path: Path) -> int | None:
        """Return the line of the value at `path`, which for a block scalar or an alias is not its key's line."""
        node = self.node(path)
        if node is None or self.line_offset is None:
            return self.line(path)
        return node.start_mark.line + 1 + self.line_offset

    def file_line(self, path: Path) -> int | None:
        """Return the value's line in the file: in a text that is quoted or encoded there, the line on which that begins."""
        found = self.value_line(path)
        if found is None and self.manifest is not None:
            return self.manifest.document.value_line(self.manifest.path)
        return found

    def node(self, path: Path) -> yaml.Node | None:
        """Return the node at `path`, None where there is none."""
        node: yaml.Node | None = self.root
        for step in path:
            entry = self._child(node, step)
            if entry is None:
                return None
            node = entry[1]
        return node

    def _child(self, node: yaml.Node | None, step: PathStep) -> tuple[int, yaml.Node] | None:
        if isinstance(node, yaml.SequenceNode):
            if isinstance(step, int) and step < len(node.value):
                item: yaml.Node = node.value[step]
                return item.start_mark.line, item
            return None
        if not isinstance(node, yaml.MappingNode):
            return None
        entries = self._entries.get(id(node))
        if entries is None:
            # Of two alike the last one wins, as in the data.
            entries = self._entries[id(node)] = {
                key.value: (key.start_mark.line, value)
                for key, value in node.value
                if isinstance(key, yaml.ScalarNode)
            }
        return entries.get(str(step))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The document that is the file, and the path of the text in it that is a document of its own."""

    document: ConfigDocument
    path: Path
    is_base64: bool = False
    """Whether the text is written in base64, as in a Secret's `data`."""


class Keeps(StrEnum):
    """How long a volume keeps what a server writes there."""

    FOR_GOOD = "for good"
    WITH_THE_POD = "with the pod"
    NOTHING = "nothing"
    """It cannot be written: a ConfigMap, a Secret, or mounted read-only."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume in a server's container: where, what kind of volume, how long it keeps what is written, and its line in the file.

    `claim` is the PersistentVolumeClaim and the folder in it, by which other pods mount the same files; None of any other volume.
    """

    path: str
    what: str
    keeps: Keeps
    line: int | None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class DeployedVariable:
    """A variable that a manifest or compose file sets for the server; `value` is None where it comes from elsewhere."""

    name: str
    value: str | None = field(repr=False)
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place that gives a server variables and cannot be looked into: a Secret of another file, an env file that is not here.

    `prefix` is what the names of its variables begin with; `what` names the place, `file` and `line` where it is referred to.
    """

    prefix: str
    what: str
    file: str
    line: int | None


def decode(content: bytes, name: str) -> str:
    """Turn a file's bytes into text; raises ConfigError where it is too large, binary or not UTF-8."""
    if len(content) > MAXIMUM_BYTES:
        raise ConfigError(
            f"{name} is larger than {MAXIMUM_BYTES // 1_000_000} MB, so it is not a run config", where=name
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{name}, line {line}: not UTF-8 text (byte 0x{content[error.start]:02x})",
            where=f"{name}:{line}",
            help="Save the file as UTF-8.",
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ConfigError(f"{name}, line {line}: a binary file, not YAML", where=f"{name}:{line}")
    return text


def encoded(text: str, *, like: bytes) -> bytes:
    """Return the bytes of a text that takes the place of others; `like` them it begins with a byte order mark, or does not."""
    return text.encode("utf-8-sig" if like.startswith(codecs.BOM_UTF8) else "utf-8")


def parse(text: str, name: str, *, line_offset: int | None = 0) -> ConfigDocument:
    """Parse one YAML document; raises ConfigError with the line for anything that is not exactly one mapping."""
    place = DocumentOrigin(name, line_offset)
    root = compose(text, place)
    refuse_bombs(root, place)
    duplicates = tuple(_duplicates(root))
    data = construct(root, place)
    if root is None or data is None:
        raise ConfigError(f"{name} is empty", where=name, help="A run config is a YAML mapping.")
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise place.error(
            root.start_mark,
            f"holds {kind}, not a mapping",
            "A run config is a YAML mapping with keys such as version, providers and storage.",
        )
    return ConfigDocument(name, text, data, root, duplicates, line_offset)


def parse_stream(text: str, name: str) -> ConfigDocument:
    """Parse a file of any number of documents: its data is the list of them. Raises ConfigError."""
    place = DocumentOrigin(name, 0)
    roots = compose_all(text, place)
    start = yaml.Mark(name, 0, 0, 0, None, 0)
    root = yaml.SequenceNode("tag:yaml.org,2002:seq", roots, start, start)
    refuse_bombs(root, place)
    return ConfigDocument(name, text, [construct(node, place) for node in roots], root, is_stream=True)


def parse_again(document: ConfigDocument, text: str) -> ConfigDocument:
    """Parse a changed text as the document was parsed; raises ConfigError."""
    return parse_stream(text, document.name) if document.is_stream else parse(text, document.name)


def _duplicates(root: yaml.Node | None) -> Iterator[DuplicateKey]:
    """Find keys that a mapping has twice, before merge keys are flattened; an aliased mapping is reported once."""
    done: set[int] = set()
    todo: list[tuple[Path, yaml.Node]] = [] if root is None else [((), root)]
    while todo:
        path, node = todo.pop()
        if id(node) in done:
            continue
        done.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += [((*path, index), item) for index, item in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            first: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                    continue
                line = key.start_mark.line + 1
                if (key.tag, key.value) in first:
                    yield DuplicateKey((*path, key.value), first[key.tag, key.value], line)
                first.setdefault((key.tag, key.value), line)
                todo.append(((*path, key.value), value))


def show_path(path: Path) -> str:
    """Write a path as servers do: dots for keys, brackets for indexes. A password in a key, which may be a URI, is masked."""
    shown = ""
    for step in path:
        if isinstance(step, int) and not isinstance(step, bool):
            shown += f"[{step}]"
            continue
        text = str(step)  # YAML has keys of every kind: null, true, a date
        span = password_span(text)
        key = text if span is None else text[: span[0]] + MASK + text[span[1] :]
        shown += f".{key}" if shown else key
    return shown


def walk(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield plain data and everything inside of it in the order of the file, each with its path."""
    todo = [(path, data)]
    while todo:
        place, found = todo.pop()
        yield place, found
        if isinstance(found, dict):
            steps = ((key if isinstance(key, str | int) else str(key), value) for key, value in found.items())
            todo += reversed([((*place, step), value) for step, value in steps])
        elif isinstance(found, list):
            todo += [((*place, index), found[index]) for index in reversed(range(len(found)))]


def strings(data: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text inside of plain data with its path; keys are left out."""
    return ((place, found) for place, found in walk(data, path) if isinstance(found, str))


def mapping_at(data: object, *steps: PathStep) -> Mapping[object, object]:
    """Return the mapping at a path of plain data, an empty one where there is none."""
    found = get(data, *steps)
    return found if isinstance(found, Mapping) else {}


def list_at(data: object, *steps: PathStep) -> list[object]:
    """Return the list at a path of plain data, an empty one where there is none."""
    found = get(data, *steps)
    return found if isinstance(found, list) else []


def provider_entries(data: object) -> Iterator[tuple[str, int, Mapping[object, object]]]:
    """Yield each entry of a run config's `providers` that is a mapping, with its API and its place in the list."""
    for api, entries in mapping_at(data, "providers").items():
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping):
                yield str(api), index, entry


def get(data: object, *steps: PathStep) -> object:
    """Return what lies at a path of plain data, None where the path leads nowhere."""
    for step in steps:
        if isinstance(data, Mapping):
            if step not in data:
                return None
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and -1 < step < len(data):
            data = data[step]
        else:
            return None
    return data
