"""The command palette: what the keys of the screen do, under the words of footer and help, and every screen there is to go to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from textual.app import App
from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.message import Message
from textual.screen import Screen

from llama_storage_tui.deferred import dataclass


@dataclass(frozen=True, slots=True)
class NamedDestination:
    """A screen to go to: its title, a sentence about it, and the message that opens it."""

    title: str
    help: str
    message: Message


@runtime_checkable
class HasDestinations(Protocol):
    """An app that knows where one can go."""

    def destinations(self) -> Sequence[NamedDestination]:
        """Return every screen that can be opened now."""


class ScreenCommands(Provider):
    """Every screen, from everywhere."""

    def _destinations(self) -> Sequence[NamedDestination]:
        return self.app.destinations() if isinstance(self.app, HasDestinations) else ()

    async def discover(self) -> Hits:
        """Offer all screens before anything is typed."""
        for found in self._destinations():
            yield DiscoveryHit(found.title, partial(self._go, found), help=found.help)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for found in self._destinations():
            score = max(matcher.match(found.title), matcher.match(found.help) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(found.title), partial(self._go, found), help=found.help)

    def _go(self, found: NamedDestination) -> None:
        self.app.post_message(found.message)


class KeyCommands(Provider):
    """The screen's own actions."""

    def _actions(self) -> Iterator[ActiveBinding]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            is_command = isinstance(active.node, App | Screen) or binding.show
            if is_command and binding.id and binding.tooltip and active.enabled and binding.id not in seen:
                seen.add(binding.id)
                yield active

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for active in self._actions():
            yield DiscoveryHit(_title(active), partial(self._run, active), help=active.binding.tooltip)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for active in self._actions():
            title = _title(active)
            score = max(matcher.match(title), matcher.match(active.binding.tooltip) * 0.9)
            if score > 0:
                yield Hit(
                    score, matcher.highlight(title), partial(self._run, active), help=active.binding.tooltip
                )

    async def _run(self, active: ActiveBinding) -> None:
        await self.app.run_action(active.binding.action, active.node)


class Commands(Provider):
    """The screen's actions, then every screen: one provider, since the palette holds several in a set, whose order changes."""

    def _providers(self) -> tuple[Provider, ...]:
        style = self.match_style
        return KeyCommands(self.screen, style), ScreenCommands(self.screen, style)

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for provider in self._providers():
            async for hit in provider.discover():
                yield hit

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        for provider in self._providers():
            async for hit in provider.search(query):
                yield hit


def _title(active: ActiveBinding) -> str:
    return active.binding.description
