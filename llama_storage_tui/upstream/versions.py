"""The releases that this program knows, and the newest one that a short version means.

Adding a release is one line here; what it changes stands in the tables of `upstream.run_config` and of this room.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.version import Version

_PATCHES: Final[tuple[tuple[int, int, int], ...]] = (
    (0, 2, 24),
    (0, 3, 5),
    (0, 4, 7),
    (0, 5, 4),
    (0, 6, 1),
    (0, 7, 3),
    (0, 8, 0),
    (1, 0, 4),
    (1, 1, 3),
    (1, 2, 5),
    (1, 3, 1),
    (1, 4, 1),
    (1, 5, 0),
)
"""Major, minor, and the last patch: no release between .0 and the last one was skipped."""

RELEASES: Final[tuple[Version, ...]] = tuple(
    Version(major, minor, patch) for major, minor, last in _PATCHES for patch in range(last + 1)
)
"""Every known release, oldest first."""

NEWEST: Final = RELEASES[-1]


def newest(text: str) -> Version:
    """Return the newest release that `text` names: '0.3' is 0.3.5, '1.5.0' is itself.

    Raises UsageError, with the known releases, where no release has that number.
    """
    wanted = Version.parse(text)
    is_minor = Version.names_minor(text)
    for release in reversed(RELEASES):
        if release == wanted or (is_minor and (release.major, release.minor) == (wanted.major, wanted.minor)):
            return release
    raise UsageError(f"{text.strip()} is not a known release", help=f"Known: {known_releases()}.")


def known_releases() -> str:
    """List the known releases compactly, by minor version: '0.3.0 to 0.3.5, …, 0.8.0'."""
    return ", ".join(
        f"{major}.{minor}.0 to {major}.{minor}.{last}" if last else f"{major}.{minor}.0"
        for major, minor, last in _PATCHES
    )
