"""Python's memory while millions of rows go by."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NEW_OBJECTS: Final = 50_000
"""How many come up before the next search: a batch is some thousands of rows, whose tuples can be part of no circle."""
_USUAL: Final = gc.get_threshold()
"""As it was when the program began: two of these may be open at a time, each in a thread of its own."""
_KEPT_BYTES: Final = 4 * 1024 * 1024


@contextmanager
def searched_apart() -> Iterator[None]:
    """Search what comes up while this is open for garbage, and not all that the program is made of.

    A search through everything holds every thread for a tenth of a second, a screen's too, and many rows cause one now and then.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *_USUAL[1:])
    _keep_memory()
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.unfreeze()


def _keep_memory() -> None:
    """Have the C library keep some of the memory that is let go of.

    Otherwise it returns it to the system after each batch, and gets other pages for the next one, which costs a tenth of the time.
    glibc keeps twice the size of what was once asked for at one go and let go of again; elsewhere this does nothing.
    """
    bytearray(_KEPT_BYTES)
