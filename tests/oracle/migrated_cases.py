"""Every config that a release before 1.0 ships, and what `migrate` makes of each: the cases of `record_migrated.py` and its test."""

import json
import tarfile
import zipfile
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from llama_storage_tui.config.document import ConfigDocument, parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.migrate.run import MigratedText, migrate_text
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.model.version import Version

SHIPPED = Path(__file__).resolve().parent / "shipped"
ENVIRONMENT = merge([], {}, assumes_set=True, home="/home/x")


@cache
def texts() -> dict[str, str]:
    """Return every shipped text by its digest."""
    found = {}
    with tarfile.open(SHIPPED / "legacy.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.removesuffix(".yaml")] = file.read().decode()
    with zipfile.ZipFile(SHIPPED / "configs.zip") as opened:
        for name in opened.namelist():
            found[name.removesuffix(".yaml")] = opened.read(name).decode()
    return found


def releases() -> dict[str, dict[str, str]]:
    """Return the digest of every config of every release, by its name."""
    legacy: dict[str, dict[str, str]] = json.loads((SHIPPED / "legacy.json").read_text())
    later = json.loads((SHIPPED / "verdicts.json").read_text())
    return legacy | {
        release: {name: found[0] for name, found in configs.items()} for release, configs in later.items()
    }


def shipped_before(limit: Version) -> Iterator[tuple[str, str, str]]:
    """Yield release, name and digest of each text that a release before the limit ships, each text once, by its newest release."""
    seen = set()
    for release, configs in reversed(releases().items()):
        for name, digest in configs.items():
            if Version.parse(release) < limit and digest not in seen:
                seen.add(digest)
                yield release, name, digest


def migrated(text: str, before: str | None, after: str, layout: str) -> MigratedText:
    """Return what a text becomes; `before` None for what the file itself suggests."""
    chosen = Version.parse(before) if before else guessed(text)
    return migrate_text(
        text,
        "config.yaml",
        before=chosen,
        after=Version.parse(after),
        layout=BackendLayout(layout),
        environment=ENVIRONMENT,
    )


def guessed(text: str) -> Version:
    """Return the release that the file itself suggests."""
    return load_catalog(parsed(text), ENVIRONMENT).version.chosen


@lru_cache(maxsize=4)
def parsed(text: str) -> ConfigDocument:
    """Parse a text once for all that is asked about it: nothing changes a document."""
    return parse(text, "config.yaml")
