"""What the operator does at a place that is not written from here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llama_storage_tui.model.rotation import Action, LineChange, Patch, Site, Way


def list_patches(sites: Iterable[Site], changes: Iterable[LineChange], config: str) -> Iterator[Patch]:
    """Yield a patch for each line, each variable and each unclear place that is left to the operator, each once."""
    left = [site for site in sites if site.action is Action.BY_HAND]
    reasons = {site.file: site.note or "" for site in left if site.file}
    seen: set[str] = set()
    for change in changes:
        if change.file in reasons:
            # Once a file: it is the same for every line.
            ways = () if change.file in seen else (Way.PIPE,)
            seen.add(change.file)
            yield Patch(f"{change.file}:{change.line}", reasons[change.file], change, ways, config=config)
    for site in left:
        place = f"variable {site.variable}" if site.file is None else site.file
        if place in seen:
            continue
        seen.add(place)
        reason = site.note or ""
        if site.file is None and site.variable is not None:
            yield Patch(place, reason, ways=_ways(site), variable=site.variable, config=config)
        else:
            yield Patch(f"{site.config}: {site.path}", reason, ways=(Way.PIPE,), config=config)


def _ways(site: Site) -> tuple[Way, ...]:
    return (Way.URI,) if site.is_encoded else (Way.KUBERNETES_SECRET, Way.ENV_FILE, Way.ENVIRONMENT)
