"""The version is guessed from the file's own words, and the reasons are told."""

import pytest

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.versions import RELEASES
from tests.configs import EARLIER, OLDEST, POSTGRES, SQLITE, catalog_of, with_provider

LEGACY = "version: 2\nimage_name: x\nproviders: {}\nmetadata_store: {type: sqlite, db_path: /a.db}\n"


@pytest.mark.parametrize(
    ("text", "guess", "reason"),
    [
        (SQLITE, "1.5.0", "storage.stores.prompts as a SQL store exists since 1.0"),
        (EARLIER, "0.8.0", "storage.stores.prompts as a key-value store exists from 0.4 until 1.0"),
        (OLDEST, "0.3.5", "storage.stores without prompts belongs to 0.3"),
        (LEGACY, "0.2.24", "metadata_store and inference_store belong to 0.2"),
        ("version: 2\nimage_name: x\nproviders: {}\n", "1.5.0", "storage may be left out since 0.4"),
        (
            EARLIER.replace("apis: [inference]", "apis: [agents]"),
            "0.6.1",
            "the agents API was removed in 0.7",
        ),
        (
            EARLIER.replace("apis: [inference]", "apis: [eval, responses]"),
            "0.7.3",
            "the eval API was removed in 0.8",
        ),
        (
            EARLIER.replace("/srv/stack", "~/.llama/distributions"),
            "0.7.3",
            "the ~/.llama folder was used before 0.8",
        ),
        (
            with_provider(EARLIER, "batches", "inline::reference", "{kvstore: {}}"),
            "0.8.0",
            "kvstore of batches was removed in 1.0",
        ),
    ],
)
def test_a_clue_narrows_the_range_and_is_told(text: str, guess: str, reason: str) -> None:
    version = catalog_of(text).version
    assert str(version.guess) == guess
    assert reason in version.because
    assert version.guess in RELEASES
    assert not version.is_overridden


def test_the_range_holds_the_guess() -> None:
    version = catalog_of(POSTGRES.replace("user: stack", "connection_string: postgresql://h/d")).version
    assert (version.low, version.below) == (Version(1, 4, 1), None)
    assert version.because[0] == "connection_string exists since 1.4.1"


def test_a_strong_clue_that_contradicts_the_others_is_set_aside_and_told() -> None:
    version = catalog_of(SQLITE.replace("apis: [inference]", "apis: [agents]")).version
    assert version.guess == Version(1, 5)
    assert any("contradicts the others" in reason for reason in version.because)


def test_where_clues_contradict_each_other_the_version_is_one_that_loads_the_file() -> None:
    # Only the words of 0.7 and later are taken from a template by 1.5.
    text = EARLIER.replace(
        "prompts: {backend: kv_default, namespace:", "prompts: {backend: sql_default, table_name:"
    )
    text = text.replace("apis: [inference]", "apis: [agents, eval, safety]")
    text += (
        "vector_stores:\n  file_search_params:\n    header_template: "
        "'knowledge_search tool found {num_chunks} chunks'\n"
    )
    catalog = catalog_of(text)
    assert catalog.verdict.loads, catalog.version
    assert catalog.version.chosen == catalog.version.guess < Version(0, 7)
    assert catalog.version.low <= catalog.version.guess
    because = "; ".join(catalog.version.because)
    assert "the agents API was removed in 0.7" in catalog.version.because
    assert "(storage.stores.prompts as a SQL store exists since 1.0: contradicts the others)" in because
    assert "1.5.0 was the first guess, and does not load the file" in because


def test_the_operators_word_counts_and_the_guess_is_still_shown() -> None:
    version = catalog_of(SQLITE, "1.2").version
    assert (version.chosen, version.guess, version.is_overridden) == (Version(1, 2, 5), Version(1, 5), True)


@pytest.mark.parametrize(
    "text",
    [
        "apis: 1\n",
        "apis: [{a: 1}, null]\n",
        "providers: [1]\n",
        "providers: {a: [1, null]}\n",
        "server: []\n",
        "storage: []\n",
        "storage: {stores: [], backends: [1]}\n",
        "storage: {backends: {a: {type: []}}}\n",
    ],
)
def test_odd_shapes_do_not_stop_the_guess(text: str) -> None:
    assert catalog_of(text).version.guess in RELEASES
