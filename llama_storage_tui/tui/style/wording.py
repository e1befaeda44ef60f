"""Numbers, sizes, times and places in the words that the screens use."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from llama_storage_tui.model.catalog import Setting, SourceKind, ValueSource
from llama_storage_tui.text import ELLIPSIS, line
from llama_storage_tui.tui.style.glyphs import Shown, Tone

if TYPE_CHECKING:
    # Names of annotations only, as in `services/probe.py`.
    from llama_storage_tui.model.data import Cell, Count, KeyEntry

_UNITS: Final = ("kB", "MB", "GB", "TB")


def counted(count: Count | None) -> str:
    """Return a count, an estimate marked by `~`; a dash where nothing was counted."""
    if count is None:
        return "–"
    return f"{'' if count.is_exact else '~'}{count.value:,}"


def size(number: int | None) -> str:
    """Return a size in bytes with at most three digits: `312 B`, `1.4 kB`, `52 MB`."""
    if number is None:
        return "–"
    if number < 1000:
        return f"{number} B"
    value = float(number)
    for unit in _UNITS:
        value /= 1000
        if value < 999.5 or unit == _UNITS[-1]:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    raise AssertionError(number)


def compact(number: int) -> str:
    """Return a number with at most three digits: `312`, `91 k`, `1.2 M`."""
    value, unit = float(number), ""
    for larger in ("k", "M", "G", "T"):
        if value < 999.5:
            break
        value, unit = value / 1000, f" {larger}"
    return f"{value:.0f}{unit}" if not unit or value >= 99.5 else f"{value:.1f}".removesuffix(".0") + unit


def latency(milliseconds: float | None) -> str:
    """Return a latency with the digits that matter."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:,.0f} ms"


def bare_moment(time: datetime, zone: tzinfo | None = UTC) -> str:
    """Return a time to the second in a zone that is named elsewhere on the screen."""
    try:
        local = time.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        local = time
    return f"{local:%Y-%m-%d %H:%M:%S}"


def moment(time: datetime, zone: tzinfo | None = UTC) -> str:
    """Return a time to the second in a zone (None: this machine's), with the zone's name."""
    try:
        name = "UTC" if zone is UTC else time.astimezone(zone).tzname() or ""
    except (OverflowError, ValueError, OSError):
        name = "UTC"
    return f"{bare_moment(time, zone)} {name}".rstrip()


def origin(source: ValueSource) -> str:
    """Say where a value came from: `PG_PASSWORD, .env:3`, `line 12`, `default, line 12`."""
    place = f"line {source.line}" if source.line is not None else ""
    match source.kind:
        case SourceKind.NONE:
            return "not set: the server's own"
        case SourceKind.LITERAL:
            return place or "the file"
        case SourceKind.VARIABLE:
            where = f"{source.file}:{source.line}" if source.file else "environment"
            return f"${source.variable}, {where}"
        case SourceKind.DEFAULT:
            return f"default of ${source.variable}" + (f", {place}" if place else "")


def setting_value(setting: Setting) -> str:
    """Return a setting's value for people; a Secret shows its mask and nothing else."""
    if not setting.is_resolved:
        return "unresolved"
    if setting.value is None:
        return "null"
    if isinstance(setting.value, bool):
        return str(setting.value).lower()
    return line(str(setting.value), 2000)


def key_text(key: str | bytes | None) -> str:
    """Return a stored key as text: bytes as hex, a missing key as NULL."""
    if key is None:
        return "NULL"
    return key if isinstance(key, str) else f"bytes {key.hex(' ')}"


def expiry(entry: KeyEntry, zone: tzinfo | None = UTC) -> Shown:
    """Say when a key expires, and whether it already has."""
    if entry.expires_at is not None:
        when = moment(entry.expires_at, zone)
        return Shown(f"✗ expired {when}", Tone.WARNING) if entry.is_expired else Shown(when)
    if entry.expiration_text is not None:
        return Shown(f"▲ not a time: {entry.expiration_text[:80]}", Tone.WARNING)
    return Shown("–", Tone.MUTED)


def cell_shown(column: str, cell: Cell, zone: tzinfo | None = UTC) -> Shown:
    """Return a stored cell for a list: a time beside its number, NULL and bytes told apart from text."""
    # Imported here: the first screen, which uses the other words, shows no cells.
    from llama_storage_tui.services.values import epoch_time, with_letters

    if cell is None:
        return Shown("NULL", Tone.MUTED)
    if isinstance(cell, bytes):
        return Shown(f"bytes {cell[:16].hex(' ')}{ELLIPSIS if len(cell) > 16 else ''}", Tone.MUTED)
    if isinstance(cell, bool):
        return Shown(str(cell).lower())
    time = epoch_time(column, cell)
    if time is not None:
        return Shown(f"{bare_moment(time, zone)}  {cell}")
    return Shown(with_letters(str(cell)))
