"""What a list of responses is asked: which of them, in which order, and as seen by which user."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.families import Query
from llama_storage_tui.tui.records import record_filter, viewer_form
from llama_storage_tui.upstream.families.responses import RESPONSES


@dataclass(frozen=True, slots=True)
class Question:
    """Which responses are asked for, and as which user; None sees everything.

    With `marks` what the viewer would not get is shown too, and marked.
    """

    query: Query
    viewer: Viewer | None = None
    title: str | None = None
    """What the query's conditions beyond the form's are called."""
    marks: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether the query selects."""
        return bool(self.query.conditions) or record_filter.is_filtered(self.query)

    @property
    def leaves_some_out(self) -> bool:
        """Whether anything is left out."""
        return self.is_filtered or (self.viewer is not None and not self.marks)

    @property
    def has_conditions(self) -> bool:
        """Whether there is anything to take off."""
        return self.is_filtered or self.viewer is not None

    def words(self, zone: tzinfo | None) -> list[str]:
        """Name what is asked for, one condition each: the user last."""
        found = [] if self.title is None else [f"only {self.title}"]
        found += [f"only {text}" for text in record_filter.words(RESPONSES, self.query, zone)]
        if self.viewer is not None:
            found.append(f"as {viewer_form.viewer_text(self.viewer)} would get them")
        return found

    def without_last(self) -> Question:
        """Return the question without what is named last."""
        if self.viewer is not None:
            return replace(self, viewer=None, marks=False)
        if record_filter.is_filtered(self.query):
            return replace(self, query=record_filter.without_last(RESPONSES, self.query))
        return replace(self, query=replace(self.query, conditions=()), title=None)

    def without_any(self) -> Question:
        """Return the question without any of it."""
        return Question(record_filter.unfiltered(replace(self.query, conditions=())))
