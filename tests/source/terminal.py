"""A terminal of a known size that keeps everything that is written to it."""

import fcntl
import os
import pty
import struct
import termios
import threading
from collections.abc import Mapping
from contextlib import suppress

LOOKED_AT: Mapping[str, str] = {"TERM": "xterm-256color", "CI": "", "NO_COLOR": "1"}
"""The environment of somebody who sits before a terminal, and wants no colours."""


class Terminal:
    """A program writes to `descriptor`, and may find the size there."""

    def __init__(self, rows: int) -> None:
        self._keyboard, self.descriptor = pty.openpty()
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 120, 0, 0))
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # how Linux says that nobody holds the other end any more
            while octets := os.read(self._keyboard, 65536):
                self._written += octets

    def close(self) -> str:
        """Close it, and give what was written."""
        os.close(self.descriptor)
        self._reader.join(10)
        os.close(self._keyboard)
        return self._written.decode("utf-8")
