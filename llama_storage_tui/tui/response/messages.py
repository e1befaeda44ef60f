"""What the screens of one response are told: the response, its whole input, its chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.chain import Chain
    from llama_storage_tui.model.resume import Examination
    from llama_storage_tui.services.responses.chain import ChainProgress
    from llama_storage_tui.services.responses.reading import Rebuilt


@dataclass(eq=False)
class ResponseLoaded(Message):
    """A response was read, with all that can be told of it."""

    examination: Examination


@dataclass(eq=False)
class InputRebuilt(Message):
    """The whole input of a response was put together, and the response examined with it."""

    rebuilt: Rebuilt


@dataclass(eq=False)
class ChainProgressed(Message):
    """The search for a chain has come further."""

    progress: ChainProgress


@dataclass(eq=False)
class ChainFound(Message):
    """A chain was traced."""

    chain: Chain
