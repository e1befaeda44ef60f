"""Blocks of wrapped text: findings and connection details."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.model.finding import Finding, Rule, Stage
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.rule_book import releases
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import ProbeState, Tone, severity_mark, state_mark
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.style.wording import latency

LONGEST = 2000
STAGES = {
    Stage.LOAD: "when the file is loaded",
    Stage.START: "when the server starts",
    Stage.NEVER: "never: no server complains",
}


class Prose(VerticalScroll):
    """A scrolling text, which can be put before it is mounted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._text = Static(classes="prose")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def put(self, content: Content) -> None:
        """Replace the text and begin at its top."""
        self._text.update(content)
        self.scroll_home(animate=False)


def findings_text(findings: Sequence[Finding]) -> Content:
    """Write findings one below the other, the worst first."""
    if not findings:
        return Content.styled("Nothing is wrong here.", Tone.MUTED.style)
    ordered = sorted(findings, key=lambda found: found.severity.rank)
    return Content("\n\n").join([finding_text(finding) for finding in ordered])


def finding_text(finding: Finding) -> Content:
    """Write one finding: mark and rule, message, help, place."""
    mark = severity_mark(finding.severity)
    place = finding.where + (f", line {finding.line}" if finding.line is not None else "")
    parts: list[Content | tuple[str, str]] = [
        (mark.text, f"bold {mark.tone.style}"),
        (f"  {line(finding.rule, 80)}", Tone.KEY.style),
        (f"  noticed {STAGES[finding.stage]}\n", Tone.MUTED.style),
        (line(finding.message, LONGEST), Tone.PLAIN.style),
    ]
    if finding.help:
        parts.append((f"\n→ {line(help_words(finding.help) or '', LONGEST)}", Tone.PLAIN.style))
    parts.append((f"\n{line(place, LONGEST)}", Tone.MUTED.style))
    return Content.assemble(*parts)


def rule_text(rule: Rule, finding: Finding) -> Content:
    """Write what a finding's rule says beyond the finding itself."""
    scope = "" if rule.since is None and rule.until is None else f" Releases: {releases(rule)}."
    lines = [f"Rule: {rule.title}.{scope}"]
    if finding.help != rule.advice:
        lines.append(rule.advice)
    return Content.styled("\n".join(lines), Tone.MUTED.style)


def connection_text(state: ProbeState, result: ProbeResult | None) -> Content:
    """Write what a test found out, or why it could not."""
    if result is None:
        return Content.styled(
            "Testing…"
            if state is ProbeState.TESTING
            else "Not tested yet: t tests this backend, T all of them.",
            Tone.MUTED.style,
        )
    notes = [Content.styled(line(text, LONGEST), Tone.MUTED.style) for text in result.notes]
    failure = [] if result.error is None else [_failure_text(result)]
    if result.probe is None:
        return Content("\n").join([*failure, *notes])
    probe = result.probe
    writable = {True: "yes", False: "no", None: "cannot be known without writing"}[probe.is_writable]
    facts: list[tuple[str, object]] = [
        ("answered", latency(probe.latency_ms)),
        ("server", probe.server),
        ("user", probe.user),
        ("tls", probe.tls),
        ("may write", writable),
        *((name.replace("_", " "), value) for name, value in probe.details.items()),
    ]
    known = [(line(name, 40), line(_said(value), LONGEST)) for name, value in facts if value is not None]
    width = max(len(name) for name, _ in known)
    lines = [
        Content.assemble((f"{name:<{width}}  ", Tone.MUTED.style), (value, Tone.PLAIN.style))
        for name, value in known
    ]
    warnings = [Content.styled(f"▲ {line(text, LONGEST)}", Tone.WARNING.style) for text in probe.warnings]
    return Content("\n").join([*failure, *warnings, *notes, *lines])


def _failure_text(result: ProbeResult) -> Content:
    error = result.error
    assert error is not None  # noqa: S101 - the caller looked
    mark = state_mark(ProbeState.FAILED)
    parts: list[Content | tuple[str, str]] = [
        (f"{mark.text}: {error.failure.value}\n", f"bold {mark.tone.style}"),
        (line(error.message, LONGEST), Tone.PLAIN.style),
    ]
    if error.help:
        parts.append((f"\n→ {line(help_words(error.help) or '', LONGEST)}", Tone.PLAIN.style))
    return Content.assemble(*parts)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
