"""Every config that a release ships is judged as that release's own loader and resolver do."""

import json
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import pytest

from llama_storage_tui.config.document import ConfigDocument, parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.version import Version
from tests.configs import assert_findings_follow_their_rules
from tests.every_case import hold_every_case

SHIPPED = Path(__file__).parent / "shipped"
RELEASES: dict[str, dict[str, list[str]]] = json.loads((SHIPPED / "verdicts.json").read_text())


def shipped_configs() -> Iterator[tuple[str, str, str, str]]:
    """Give each release, file, digest of its content, and verdict, but the doubles."""
    seen = set()
    for release, configs in RELEASES.items():
        for name, (digest, verdict) in configs.items():
            # Patch releases mostly ship the same files, and know the same providers.
            case = (release.rpartition(".")[0], digest, verdict)
            if case not in seen:
                seen.add(case)
                yield f"{release}-{name}", release, digest, verdict


@pytest.fixture(scope="module")
def archive() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(SHIPPED / "configs.zip") as opened:
        yield opened


@pytest.fixture(scope="module")
def documents(archive: zipfile.ZipFile) -> Callable[[str], ConfigDocument]:
    """Parse a config of some digest, once."""
    return lru_cache(maxsize=None)(
        lambda digest: parse(archive.read(f"{digest}.yaml").decode(), "config.yaml")
    )


def hold_verdict(document: ConfigDocument, release: str, verdict: str) -> None:
    catalog = load_catalog(
        document, merge([], {}, assumes_set=True, home="/home/x"), version=Version.parse(release)
    )
    assert_findings_follow_their_rules(catalog)
    errors = [finding.message for finding in catalog.findings if finding.severity is Severity.ERROR]
    assert catalog.verdict.loads, errors
    assert catalog.verdict.starts is (verdict == "starts"), f"ours: {errors}; theirs: {verdict}"


def test_a_shipped_config_starts_where_its_own_release_starts_it(
    documents: Callable[[str], ConfigDocument],
) -> None:
    hold_every_case(
        (name, partial(hold_verdict, documents(digest), release, verdict))
        for name, release, digest, verdict in shipped_configs()
    )


STARTING = sorted(
    {digest for configs in RELEASES.values() for digest, verdict in configs.values() if verdict == "starts"}
)


def hold_guess(document: ConfigDocument) -> None:
    catalog = load_catalog(document, merge([], {}, assumes_set=True, home="/home/x"))
    errors = [finding.message for finding in catalog.findings if finding.severity is Severity.ERROR]
    assert catalog.verdict.starts, (catalog.version, errors)


def test_a_shipped_config_starts_in_the_release_that_is_guessed_for_it(
    documents: Callable[[str], ConfigDocument],
) -> None:
    hold_every_case((digest, partial(hold_guess, documents(digest))) for digest in STARTING)


def test_every_release_line_from_0_3_to_1_5_is_on_record() -> None:
    lines = {release.rpartition(".")[0] for release in RELEASES}
    assert lines == {"0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}
    assert sum(map(len, RELEASES.values())) >= 100
