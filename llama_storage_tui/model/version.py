"""Server versions, and the guess of one from a config's own clues."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError

_VERSION: Final = re.compile(
    r"v?(?P<release>(\d+)\.(\d+)(?:\.(\d+))?)(?P<suffix>\.\d+(?:\.\d+)*)?(?:[-.]?(?:rc|a|b|dev|post)\.?\d+)?(?:[+-][A-Za-z0-9.-]+)?"
)
"""A release, and what vendors and packagers put behind it: a fourth number, a pre-release, a build (`1.2.2+rhaiv.0`)."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A release of llama-stack (up to 0.7) or ogx (from 0.8), ordered as releases are."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `1.5.0` or `1.5`; a vendor's suffix (`1.2.2+rhaiv.0`, `0.6.0.1`) is left out; raises UsageError else."""
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise UsageError(
                f"{text!r} is not a version" if text.strip() else "The version is empty",
                help="Write a version as 0.3.5 or 1.5.0.",
            )
        return cls(int(match[2]), int(match[3]), int(match[4] or 0))

    @classmethod
    def names_minor(cls, text: str) -> bool:
        """Tell whether a text that `parse` reads names a minor version only, so that its newest release is meant."""
        match = _VERSION.fullmatch(text.strip())
        return match is not None and match[4] is None and match["suffix"] is None

    @property
    def product(self) -> str:
        """The package's name at that release."""
        return "ogx" if (self.major, self.minor) >= (0, 8) else "llama-stack"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dated:
    """Something that is true from the release `since` to before the release `until`; None: without a limit.

    It has no equality of its own: two entries of a table are not the same because their dates are.
    """

    since: Version | None = None
    until: Version | None = None

    def holds_for(self, version: Version) -> bool:
        """Tell whether it is true for a release."""
        return (self.since is None or self.since <= version) and (self.until is None or version < self.until)


@dataclass(frozen=True, slots=True)
class VersionGuess:
    """What a config's own words say about the server that it was written for.

    `low` is the first version that fits, `below` the first that does not (None: no upper limit); `because` gives the clues;
    `chosen` is the version that everything else was computed for: the operator's, else the guess.
    """

    guess: Version
    low: Version
    below: Version | None
    because: tuple[str, ...]
    chosen: Version
    is_overridden: bool = False
    label: str | None = None
    """The operator's own word where it says more than the release: a vendor's build, whose rules are those of `chosen`."""
