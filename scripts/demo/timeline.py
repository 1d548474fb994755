"""What happened when, printed as it happens and kept for the table."""

import threading
import time


class Timeline:
    """Lines with their distance in seconds from the hang. Any thread."""

    def __init__(self, out):
        self._out = out
        self._lock = threading.Lock()
        self._zero = None
        self._count = {}

    def set_zero(self, when):
        self._zero = when

    def say(self, who, what, when=None):
        when = time.time() if when is None else when
        with self._lock:
            at = "" if self._zero is None else f"{when - self._zero:+.2f} s"
            print(f"{at:>11}  {who:<13}{what}", file=self._out, flush=True)

    def say_some(self, key, limit, who, what, when=None):
        """Says it only the first `limit` times for `key`."""
        with self._lock:
            count = self._count.get(key, 0) + 1
            self._count[key] = count
        if count < limit:
            self.say(who, what, when)
        elif count == limit:
            self.say(who, what + " (more of these are only counted)", when)

    def plain(self, text=""):
        with self._lock:
            print(text, file=self._out, flush=True)
