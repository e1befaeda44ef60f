"""Who may read a response: whose it is, and what a server would answer to one user, stage by stage."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.access import AccessStage, Decision, Viewer
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.services.access import WhoReport
from llama_storage_tui.services.responses.viewing import who_may_read
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters
from llama_storage_tui.text import line
from llama_storage_tui.tui.records import viewer_form
from llama_storage_tui.tui.records.response_wording import owner_shown
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.form import Form
from llama_storage_tui.tui.widgets.prose import Prose
from llama_storage_tui.tui.widgets.status_line import StatusLine

LONGEST: Final = 600
_STAGES: Final = {
    AccessStage.TENANT: "the tenant",
    AccessStage.NULL_OWNER: "the owner, which is NULL",
    AccessStage.FILTER: "the SQL filter",
    AccessStage.POLICY: "the policy",
}


class WhoDialog(Dialog[None]):
    """A form for a user above what is known of the row and what that user would get."""

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        "../screens/dialog.tcss",
        "responses.tcss",
        "who.tcss",
    ]

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("ctrl+s", "send", "Ask", "who.ask", "Ask whether this user may read it; enter does so too"),
    ]

    def __init__(self, session: Session, response: StoredResponse) -> None:
        super().__init__()
        self._session = session
        self._response = response
        self.box_title = f"Who may read {response.transcript.head.id or 'this response'}"

    def body(self) -> ComposeResult:
        yield Form(viewer_form.FIELDS)
        yield Prose()
        yield StatusLine()

    async def on_mount(self) -> None:
        """Say what is known without a user."""
        await self.query_one(Form).open({})
        self.query_one(StatusLine).say("enter asks whether this user may read it")
        self._answer(None)

    def action_send(self) -> None:
        self.query_one(Form).send()

    @on(Form.Sent)
    def _sent(self, message: Form.Sent) -> None:
        try:
            viewer = viewer_form.parse(message.values)
        except StorageToolError as error:
            self.query_one(StatusLine).fail(error.message, help_words(error.help))
            return
        self._answer(viewer)

    def _answer(self, viewer: Viewer | None) -> None:
        try:
            report = who_may_read(self._session, self._response, viewer)
        except StorageToolError as error:
            self.query_one(StatusLine).fail(self._session.redact(error.message), help_words(error.help))
            return
        version = self._session.catalog.version.chosen
        self.query_one(Prose).put(report_text(report, viewer, f"{version.product} {version}"))
        self.query_one(StatusLine).say("enter asks whether this user may read it")

    @on(Form.Closed)
    def _form_closed(self) -> None:
        self.dismiss()


def _answer(decision: Decision) -> tuple[Shown, str]:
    """Return the glyph of an answer, and its words after the user's name."""
    if decision.fails:
        return Shown("✗", Tone.BAD), "gets an error"
    if not decision.is_certain:
        return Shown("▲", Tone.WARNING), "may or may not read it: that depends on the server's start"
    return (
        (Shown("●", Tone.GOOD), "may read it")
        if decision.may_read
        else (Shown("✗", Tone.BAD), "may not read it")
    )


def report_text(report: WhoReport, viewer: Viewer | None, server: str) -> Content:
    """Write the answer for the user first, then whose the row is and what others get."""
    parts: list[Content] = []
    if viewer is not None and report.decision is not None:
        parts += _decision(report.decision, viewer, server)
    owner = owner_shown(report.owner)
    parts += [
        _fact("owner", owner.text, owner.tone),
        _fact("attributes", "NULL" if report.raw_attributes is None else with_letters(report.raw_attributes)),
    ]
    if report.tenant is not None:
        parts.append(_fact("tenant", report.tenant or "''"))
    parts.append(_fact("anybody", report.for_anybody))
    if report.notices:
        parts.append(Content(""))
        parts += [
            Content.styled(f"▲ {line(notice, LONGEST)}", Tone.WARNING.style) for notice in report.notices
        ]
    return Content("\n").join(parts)


def _decision(decision: Decision, viewer: Viewer, server: str) -> list[Content]:
    glyph, words = _answer(decision)
    name = line(viewer.name or "this user", 60)
    parts = [
        Content.styled(f"{glyph.text} {name} {words}", f"bold {glyph.tone.style}")
        + Content.styled(f"  {server}", Tone.MUTED.style),
        _fact("because", decision.because),
    ]
    if decision.rule is not None:
        parts.append(_fact("rule", decision.rule))
    if decision.stage is not None:
        parts.append(_fact("hidden by", _STAGES[decision.stage], Tone.WARNING))
    parts.append(
        _fact(
            "stages", f"SQL filter {_shows(shown=decision.by_sql)}, policy {_shows(shown=decision.by_policy)}"
        )
    )
    if decision.depends_on is not None:
        parts.append(_fact("depends on", decision.depends_on, Tone.WARNING))
    return [*parts, Content("")]


def _shows(*, shown: bool) -> str:
    return "shows it" if shown else "hides it"


def _fact(name: str, text: str, tone: Tone = Tone.PLAIN) -> Content:
    return Content.assemble((f"{name:<11} ", Tone.MUTED.style), (line(text, LONGEST), tone.style))
