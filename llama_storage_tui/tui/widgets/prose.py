"""Blocks of wrapped text: findings and connection details."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.model.finding import Finding, Rule
from llama_storage_tui.reports.findings import place_of, reported, rule_sentences, worst_first
from llama_storage_tui.reports.lines import Block, Line
from llama_storage_tui.reports.probes import failure_block, probe_facts, remark_lines
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import ProbeState, Tone, severity_mark
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.searching import Hit, Hits

LONGEST = 2000
HIT = f"reverse {Tone.KEY.style}"
CURRENT_HIT = f"reverse bold underline {Tone.WARNING.style}"


class Prose(VerticalScroll):
    """A scrolling text, which can be put before it is mounted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._text = Static(classes="prose")
        self._written = Content("")
        self._pattern: re.Pattern[str] | None = None

    def compose(self) -> ComposeResult:
        yield self._text

    def put(self, content: Content) -> None:
        """Replace the text and begin at its top."""
        self._written = content
        self._draw()
        self.scroll_home(animate=False)

    # Finding

    @property
    def place(self) -> Hit:
        """The beginning: a search begins there."""
        return (0,)

    def hits(self, pattern: re.Pattern[str]) -> Hits:
        """Return every hit in the text."""
        for found in pattern.finditer(self._written.plain):
            yield found.span()

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """LineMark all hits."""
        self._pattern = pattern
        self._draw()

    def go_to(self, hit: Hit) -> str:
        """Scroll to a hit."""
        start, end = hit
        self._draw(start, end)
        before = self._written[: start + 1]
        width = max(self._text.content_region.width, 1)
        height = self.scrollable_content_region.height
        row = len(before.wrap(width)) - 1
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self.scroll_to(y=max(row - height // 3, 0), animate=False)
        return ""

    def _draw(self, start: int = 0, end: int = 0) -> None:
        content = self._written
        for found in self._pattern.finditer(content.plain) if self._pattern is not None else ():
            is_current = found.span() == (start, end)
            style = HIT if not is_current else CURRENT_HIT
            content = content.stylize(style, *found.span())
        self._text.update(content)


def findings_text(findings: Sequence[Finding]) -> Content:
    """Write findings one below the other, the worst first."""
    if not findings:
        return Content.styled("Nothing is wrong here.", Tone.MUTED.style)
    return Content("\n\n").join([finding_text(finding) for finding in worst_first(findings)])


def finding_text(finding: Finding) -> Content:
    """Write one finding: mark and rule, message, help, place."""
    mark = severity_mark(finding.severity)
    parts: list[Content | tuple[str, str]] = [
        (mark.text, f"bold {mark.tone.style}"),
        (f"  {line(finding.rule, 80)}", Tone.KEY.style),
        (f"  {reported(finding)}\n", Tone.MUTED.style),
        (line(finding.message, LONGEST), Tone.PLAIN.style),
    ]
    if finding.help:
        parts.append((f"\n→ {line(help_words(finding.help), LONGEST)}", Tone.PLAIN.style))
    parts.append((f"\n{line(place_of(finding), LONGEST)}", Tone.MUTED.style))
    return Content.assemble(*parts)


def rule_text(rule: Rule, finding: Finding) -> Content:
    """Write what a finding's rule says beyond the finding itself."""
    return Content.styled("\n".join(rule_sentences(rule, finding)), Tone.MUTED.style)


def connection_text(state: ProbeState, result: ProbeResult | None, *, is_defined: bool = True) -> Content:
    """Write what a test found out, or why it could not; of a backend that is not defined, that nothing can."""
    if not is_defined:
        return Content.styled("Not defined in storage.backends: there is nothing to test.", Tone.MUTED.style)
    if result is None:
        return Content.styled(
            "Testing…"
            if state is ProbeState.TESTING
            else "Not tested yet: t tests this backend, T all of them.",
            Tone.MUTED.style,
        )
    failure = failure_block(result)
    facts = [(line(name, 40), line(value, LONGEST)) for name, value in probe_facts(result)]
    width = max((len(name) for name, _ in facts), default=0)
    return Content("\n").join(
        [
            *([block_text(failure)] if failure is not None else []),
            *(line_text(each) for each in remark_lines(result)),
            *(
                Content.assemble((f"{name:<{width}}  ", Tone.MUTED.style), (value, Tone.PLAIN.style))
                for name, value in facts
            ),
        ]
    )


def line_text(found: Line) -> Content:
    """Write a line of a report, with its mark."""
    mark = "" if found.mark is None else f"{found.mark.text} "
    return Content.styled(f"{mark}{line(help_words(found.text), LONGEST)}", found.tone.style)


def block_text(block: Block) -> Content:
    """Write a block of a report: its title, or its first line, stands out."""
    first, *rest = (Line(block.title, Tone.KEY), *block.lines) if block.title else block.lines
    head = line_text(first)
    return Content("\n").join([head if block.title else head.stylize("bold"), *map(line_text, rest)])
