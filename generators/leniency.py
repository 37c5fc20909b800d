"""Reading what was broken on purpose: without validation and without warnings."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config

_SWITCH = threading.RLock()


@contextmanager
def lenient() -> Iterator[None]:
    """Read values as they stand. One thread at a time: pydicom's switch and Python's filters are one for all threads."""
    with _SWITCH, config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
