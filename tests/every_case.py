"""Many small cases in one test: each is tried, and all that fail are listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def hold_every_case(cases: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Try every case of a name and a check; raise AssertionError with the name and the reason of each that fails."""
    failed: dict[str, Exception] = {}
    tried = 0
    for name, check in cases:
        tried += 1
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever a case raises, the others are tried too
            failed[name] = error
    assert tried, "no case was tried"
    if failed:
        listing = "\n".join(f"{name}: {error or type(error).__name__}" for name, error in failed.items())
        message = f"{len(failed)} of {tried} cases fail:\n{listing}"
        raise AssertionError(message) from next(iter(failed.values()))
