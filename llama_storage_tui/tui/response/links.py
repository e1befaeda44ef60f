"""What a response leads to, line by line: enter opens it."""

from __future__ import annotations

from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.reading import read_response
from llama_storage_tui.services.responses.related import completions_of, related
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import CompletionOpened, LinksOpened, Opening
from llama_storage_tui.tui.records.record_lists import record_opened
from llama_storage_tui.tui.records.response_wording import id_text
from llama_storage_tui.tui.response.detail_views import Read
from llama_storage_tui.tui.response.timeline_lines import TimelineLine, said
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.upstream.families import find_family

HEADS = ("What", "Id")


class LinksReading:
    """The conversation, files, vector stores and prompts of a response, and behind a line of its own the completions."""

    def __init__(self, response: str, conversation: str | None) -> None:
        self._response, self._conversation = response, conversation
        self.names: tuple[str, ...] = ("responses", response, "links")

    async def load(self, session: Session) -> Read:
        """Read the response."""
        response = await read_response(session, self._response)
        lines: list[TimelineLine] = []
        opens: dict[int, Opening] = {}
        links = related(response)
        if self._conversation and all(link.id != self._conversation for link in links):
            opens[0] = record_opened(find_family("conversations"), self._conversation)
            lines.append(said("→", "conversation", f"{self._conversation} (known from its items)", Tone.KEY))
        for link in links:
            opens[len(lines)] = record_opened(find_family(link.family or ""), link.id)
            lines.append(said("→", link.label, link.id, Tone.KEY))
        opens[len(lines)] = LinksOpened(self._response, self._conversation, is_of_completions=True)
        lines.append(said("→", "completions", "enter: find the chat completions made for it", Tone.KEY))
        count = len(lines) - 1
        facts = (Shown(plural(count, "link") if count else "it names no other record", Tone.MUTED),)
        return Read(facts, tuple(lines), dict(opens), notice_words(response.notices), HEADS)


class CallsReading:
    """The chat completions that were made for a response."""

    def __init__(self, response: str) -> None:
        self._response = response
        self.names: tuple[str, ...] = ("responses", response, "completions")

    async def load(self, session: Session) -> Read:
        """Look for them among those of its time."""
        response: StoredResponse = await read_response(session, self._response)
        found, notices = await completions_of(session, response)
        ids = [id_text(each.id) for each in found]
        lines = [said("→", "completion", id_, Tone.KEY) for id_ in ids]
        if not lines:
            lines.append(said("", "none", "No chat completion of its time shares its messages.", Tone.MUTED))
        return Read(
            (Shown(plural(len(ids), "completion"), Tone.MUTED),),
            tuple(lines),
            {place: CompletionOpened(id_) for place, id_ in enumerate(ids)},
            notice_words(notices),
            HEADS,
        )
