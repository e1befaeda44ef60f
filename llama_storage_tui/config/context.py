"""What every step of reading a config shares: the document, its expansion, the version, and where values came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from llama_storage_tui.config.document import ConfigDocument, Path, get
from llama_storage_tui.config.environment import Environment, Resolution
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import NOT_SET, SourceKind, ValueSource
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Concealed, Redactor, Secret


@dataclass(slots=True)
class Context:
    """One config on its way to a Catalog. `path_map` maps the server's path prefixes to where they can be read here."""

    document: ConfigDocument
    environment: Environment
    resolution: Resolution
    version: Version
    path_map: tuple[tuple[str, str], ...] = ()
    secrets: set[Secret] = field(default_factory=set)
    shown_at: dict[Path, str] = field(default_factory=dict)
    """What is shown, by its path in the file, of each value that is no secret and has one inside."""
    concealed: list[Concealed] = field(default_factory=list)
    redact: Redactor = field(default_factory=Redactor)
    """Masks what is concealed, in any text."""

    def conceal(self, concealed: Iterable[Concealed]) -> None:
        """Take texts that hold a secret: they are masked in what is shown of this config."""
        for each in concealed:
            self.concealed.append(each)
            self.redact.add(*each)

    @property
    def raw(self) -> Mapping[str, object]:
        """The document's mapping as it stands in the file."""
        data = self.document.data
        return data if isinstance(data, dict) else {}

    @property
    def data(self) -> Mapping[str, object]:
        """The document's mapping with every expression expanded."""
        data = self.resolution.data
        return data if isinstance(data, dict) else {}

    def line(self, path: Path) -> int | None:
        """Return the line of the file for a path of the config; in a text that is quoted there, the line on which that begins."""
        found = self.document.line(path)
        manifest = self.document.manifest
        return (
            manifest.document.value_line(manifest.path) if found is None and manifest is not None else found
        )

    def source(self, path: Path) -> ValueSource:
        """Tell where the value at a path of the file came from."""
        uses = self.resolution.uses.get(path)
        if uses is None:
            if get(self.document.data, *path) is None and self.document.node(path) is None:
                return NOT_SET
            return ValueSource(SourceKind.LITERAL, None, self.document.name, self.document.value_line(path))
        set_uses = [use for use in uses if use.is_set and use.origin is not None]
        if set_uses:
            origin = set_uses[0].origin
            return ValueSource(
                SourceKind.VARIABLE,
                set_uses[0].variable,
                origin.file if origin else None,
                origin.line if origin else None,
            )
        kind = SourceKind.VARIABLE if uses[0].operator == "" else SourceKind.DEFAULT
        if kind is SourceKind.VARIABLE:
            return ValueSource(kind, uses[0].variable)
        return ValueSource(kind, uses[0].variable, self.document.name, self.document.value_line(path))

    def expression(self, path: Path) -> str | None:
        """Return the text in the file at a path where that has expressions, unmasked."""
        if path not in self.resolution.uses:
            return None
        raw = get(self.document.data, *path)
        return raw if isinstance(raw, str) else None

    def map_path(self, path: str) -> str:
        """Apply the first `--map-path` whose FROM is a prefix of whole path parts."""
        for prefix, replacement in self.path_map:
            trimmed = prefix.rstrip("/")
            if path == trimmed or path.startswith(trimmed + "/"):
                return replacement.rstrip("/") + path[len(trimmed) :]
        return path
