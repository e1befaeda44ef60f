"""What the screens about a config's text say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.services.config_view import ConfigText


@dataclass(eq=False)
class ConfigTextRead(Message):
    """The config's text is here."""

    text: ConfigText
