"""What the operator does at a place that is not written from here, as exact as it can be said without the password.

The password goes from the journal to its place through a pipe or a file, never through the arguments of a command, which every
user of a machine can read. A shell's own printf is no command with arguments.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from llama_storage_tui.model.rotation import Action, LineChange, Patch, Site


def list_patches(sites: Iterable[Site], changes: Iterable[LineChange], config: str) -> Iterator[Patch]:
    """Yield a patch for each line, each variable and each unclear place that is left to the operator, each once."""
    left = [site for site in sites if site.action is Action.BY_HAND]
    reasons = {site.file: site.note or "" for site in left if site.file}
    seen: set[str] = set()
    for change in changes:
        if change.file in reasons:
            # Said once: it is the same for every line.
            ways = () if seen else (_where(config),)
            seen.add(change.file)
            yield Patch(f"{change.file}:{change.line}", reasons[change.file], change, ways)
    for site in left:
        place = f"variable {site.variable}" if site.file is None else site.file
        if place in seen:
            continue
        seen.add(place)
        if site.file is None and site.variable is not None:
            yield Patch(place, site.note or "", ways=tuple(_of_variable(site, config)))
        else:
            yield Patch(f"{site.config}: {site.path}", site.note or "", ways=(_where(config),))


def print_command(config: str) -> str:
    """Return the command that prints the new password of a pending change, and nothing else."""
    return f"llama-storage-tui rotate {shlex.quote(config)} --new-password"


def _where(config: str) -> str:
    return f"the new password, for a pipe or a file: {print_command(config)}"


def _of_variable(site: Site, config: str) -> Iterator[str]:
    variable, source = site.variable, print_command(config)
    if site.is_encoded:
        yield f"{variable} holds a URI: the password in it changes, percent-encoded; the new password: {source}"
        return
    yield (
        f"Kubernetes Secret: {source} | kubectl create secret generic SECRET --from-file=KEY=/dev/stdin"
        " --dry-run=client -o json | kubectl patch secret SECRET --patch-file /dev/stdin"
    )
    yield (
        "env file of compose (env_file:) or systemd (EnvironmentFile=), whose other lines stay; the line that takes the place of"
        f" {variable}'s goes to a file of its own: (umask 077; set -C; printf '{variable}=%s\\n' \"$({source})\" > NEW_FILE)"
    )
    yield f"compose environment: or a systemd drop-in: the line that sets {variable}; the new password: {source}"
