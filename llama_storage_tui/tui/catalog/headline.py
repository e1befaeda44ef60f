"""What the headline of the main screen says of a config."""

from __future__ import annotations

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.text import plural
from llama_storage_tui.tui.style.glyphs import Shown, Tone, severity_glyph


def facts(catalog: Catalog, *, is_brief: bool = False) -> list[Shown]:
    """Say for which version, whether a server would load and start, how much was found, and unless `is_brief` the worst of it."""
    version = catalog.version
    said = "chosen" if version.is_overridden else "guessed"
    found = [Shown(f"{version.chosen.product} {version.chosen} ({said})")]
    if catalog.is_legacy:
        found.append(Shown("▲ v0.2 config: inline stores, no catalog", Tone.WARNING))
    if not catalog.is_judged:
        return [*found, Shown("… checking", Tone.MUTED)]
    if not catalog.verdict.loads:
        found.append(Shown("✗ does not load", Tone.BAD))
    elif catalog.verdict.starts is False:
        found += [Shown("● loads", Tone.GOOD), Shown("✗ does not start", Tone.BAD)]
    else:
        found += [Shown("● loads", Tone.GOOD), Shown("● should start", Tone.GOOD)]
    for severity in Severity:
        number = sum(finding.severity is severity for finding in catalog.findings)
        if number:
            glyph = severity_glyph(severity)
            text = f"{number} info" if severity is Severity.INFO else plural(number, severity.value)
            found.append(Shown(f"{glyph.text} {text}", glyph.tone))
    first = next((each for each in catalog.findings if each.severity is Severity.ERROR), None)
    if first is not None and not is_brief:
        place = "" if first.line is None else f" (line {first.line})"
        found.append(Shown(f"✗ {first.message}{place}", Tone.BAD))
    return found
