"""What a connection test found out."""

from __future__ import annotations

from llama_storage_tui.reports.lines import ARROW, BAD, WARNING, Block, Line, Tone
from llama_storage_tui.services.probe import ProbeResult

_WRITABLE = {True: "yes", False: "no", None: "cannot be known without writing"}

_NAMES = {"opened by": "open in"}


def failure_block(result: ProbeResult) -> Block | None:
    """Return why a backend did not answer, or why a server could not work with it; None where neither holds."""
    error = result.error
    if error is None:
        return None
    help_ = [Line(error.help, mark=ARROW)] if error.help else []
    return Block((Line(f"failed: {error.failure.value}", Tone.BAD, BAD), Line(error.message), *help_))


def remark_lines(result: ProbeResult) -> tuple[Line, ...]:
    """Return what to mind about an answer, and where the connection is not what the config says."""
    warnings = () if result.probe is None else result.probe.warnings
    return (
        *(Line(text, Tone.WARNING, WARNING) for text in warnings),
        *(Line(text, Tone.MUTED) for text in result.notes),
    )


def probe_facts(result: ProbeResult) -> tuple[tuple[str, str], ...]:
    """Return what answered, as names and values; nothing where nothing did."""
    probe = result.probe
    if probe is None:
        return ()
    facts: tuple[tuple[str, object], ...] = (
        ("answered", latency(probe.latency_ms)),
        ("server", probe.server),
        ("user", probe.user),
        ("tls", probe.tls),
        ("may write", _WRITABLE[probe.is_writable]),
        *((_NAMES.get(name, name.replace("_", " ")), value) for name, value in probe.details.items()),
    )
    return tuple((name, _said(value)) for name, value in facts if value is not None and value != "")


def latency(milliseconds: float) -> str:
    """Return a latency with the digits that matter."""
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:,.0f} ms"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
