"""The command palette: every binding that is active on the screen, under the words that the footer and the help use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.app import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider


class KeyCommands(Provider):
    """The screen's own actions."""

    def _actions(self) -> Iterator[ActiveBinding]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.id and binding.tooltip and active.enabled and binding.id not in seen:
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


def _title(active: ActiveBinding) -> str:
    return active.binding.description
