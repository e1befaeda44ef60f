"""Providers and APIs that come from elsewhere: folders of specifications, and packages."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.rules.serving import has_catalog
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.upstream import changes

EXTERNAL_PROVIDERS_MISSING: Final = Rule(
    id="external-providers-missing",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="external_providers_dir begins with ~ and does not exist",
    advice="Create the folder, or write the path out.",
    since=changes.CATALOG,
)


def external_directory(view: View) -> Iterator[Finding]:
    """A literal `~` in `external_providers_dir`: the run command makes a folder of that name, the server looks at home."""
    folder = view.context.data.get("external_providers_dir")
    if not has_catalog(view) or not isinstance(folder, str) or not folder.startswith("~"):
        return
    expanded = view.context.environment.expand_user(folder)
    if not os.path.isdir(expanded):  # noqa: PTH112 - as the server asks
        yield view.finding(
            EXTERNAL_PROVIDERS_MISSING,
            ("external_providers_dir",),
            f"{expanded} does not exist: the run command creates a folder named ~ instead, and the server then does not start",
        )


TABLE: Final = (EXTERNAL_PROVIDERS_MISSING,)

CHECKS = (external_directory,)
