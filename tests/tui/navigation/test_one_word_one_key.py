"""What is called the same is on the same key, whichever screen is on show."""

from __future__ import annotations

from collections import defaultdict

from textual.app import App

from llama_storage_tui.tui.app import StorageApp
from llama_storage_tui.tui.navigation import bindings


def test_the_same_word_means_the_same_key_on_every_screen() -> None:
    assert issubclass(StorageApp, App)
    keys: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for kind, binding in bindings._bindings():
        keys[binding.description][kind.__name__] |= set(binding.key.split(","))
    assert len(keys) > 50
    # A word may have more than one key, kept for those who know them, as long as one of them does it everywhere.
    parted = {word: dict(where) for word, where in keys.items() if not set.intersection(*where.values())}
    assert parted == {}
