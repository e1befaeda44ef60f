"""~/.llama, which the first ogx command renames to ~/.ogx with all that is in it, and what that means for bringing data.

Source: `migrate_legacy_config_dir` in ogx 0.8.0 to 1.5.0, `core/utils/config_dirs.py`: nothing is renamed where OGX_CONFIG_DIR is
set or where there is a ~/.ogx.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.locate import home_of
from llama_storage_tui.model.catalog import Backend, Catalog, Provider
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.services.default_names import FOLDERS


def keeps_folder(environ: Mapping[str, str]) -> bool:
    """Tell whether an ogx command leaves ~/.llama where it is: where there is a ~/.ogx too, or another folder is set."""
    home = home_of(environ)
    return bool(environ.get("OGX_CONFIG_DIR")) or ((home / ".llama").exists() and (home / ".ogx").exists())


def left_by_early_copy(environ: Mapping[str, str], items: Iterable[TransferItem]) -> str | None:
    """Say why these items cannot be brought yet: they would make ~/.ogx, and ~/.llama would never be renamed to it."""
    home = home_of(environ)
    old, new = home / ".llama", home / ".ogx"
    if keeps_folder(environ) or new.exists() or not old.exists():
        return None
    targets = (item.target.target for item in items)
    if not any(isinstance(each, SqliteTarget) and each.path.is_relative_to(new) for each in targets):
        return None
    return (
        f"The target is in {new}, which does not exist yet: the first ogx command would rename {old} to it, and no longer does "
        f"once it exists, so that files and other stores would stay behind. Stop the servers, rename {old} to {new}, and try again."
    )


def follow_renamed_home(old: Catalog) -> Catalog:
    """Return a catalog whose files below ~/.llama are those below ~/.ogx, where only these are there; looks for files."""
    return replace(
        old,
        backends=tuple(map(_backend, old.backends)),
        providers=tuple(map(_provider, old.providers)),
    )


def is_renamed_later(old: str, new: str) -> bool:
    """Tell whether a folder below ~/.llama becomes one below ~/.ogx by the renaming, which nobody has done yet."""
    is_same = old.replace(*FOLDERS, 1) == new != old
    return is_same and not Path(new.partition(FOLDERS[1])[0], FOLDERS[1].strip("/")).exists()


def _moved(path: str) -> str | None:
    """Return where something below ~/.llama is now; None where it is there, or nowhere."""
    if FOLDERS[0] not in path or Path(path).exists():
        return None
    moved = path.replace(*FOLDERS, 1)
    return moved if Path(moved).exists() else None


def _backend(backend: Backend) -> Backend:
    target = backend.target
    moved = _moved(str(target.path)) if isinstance(target, SqliteTarget) and not target.is_memory else None
    if moved is None or not isinstance(target, SqliteTarget):
        return backend
    return replace(backend, target=replace(target, path=Path(moved)), location=moved)


def _provider(provider: Provider) -> Provider:
    moved = _moved(provider.storage_dir) if provider.storage_dir else None
    return provider if moved is None else replace(provider, storage_dir=moved)
