"""Python's search for garbage while millions of rows go by."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def searched_apart() -> Iterator[None]:
    """Search what comes up while this is open for garbage, and not all that the program is made of.

    A search through everything holds every thread for a tenth of a second, a screen's too, and many rows cause one now and then.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
