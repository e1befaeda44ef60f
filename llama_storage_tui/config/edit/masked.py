"""A config's text as a diff shows it: every secret masked where it is written, everything else as it is."""

from __future__ import annotations

from collections.abc import Iterable

from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.masked_text import mask_document
from llama_storage_tui.secrets import Redactor, Secret


def masked_text(text: str, name: str, known: Iterable[Secret] = ()) -> str:
    """Return a document's text with every secret masked, and each that is known wherever it stands; raises ConfigError.

    Its lines stay the same lines.
    """
    return Redactor(known)(mask_document(text, TextLayout(text, name).root))
