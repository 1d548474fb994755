"""What happened when, printed as it happens and kept for the table."""

import textwrap
import threading
import time

_MARGIN = 26  # of what is said, after time and speaker
_WIDTH = 96


class Timeline:
    """Lines with their distance in seconds from the hang. Any thread."""

    def __init__(self, out):
        self._out = out
        self._lock = threading.Lock()
        self._zero = None
        self._count = {}
        self._names = {}

    def set_names(self, names):
        """What to say instead of an address: {"10.0.0.1:9876": "nameserver A"}."""
        self._names = dict(names)

    def set_zero(self, when):
        """Times are told from `when`; None: none are told. Counts start anew."""
        self._zero = when
        self._count = {}

    def say(self, who, what, when=None):
        when = time.time() if when is None else when
        for address, name in self._names.items():
            what = what.replace(address, name)
        with self._lock:
            at = "" if self._zero is None else f"{when - self._zero:+.2f} s"
            lines = textwrap.wrap(what, _WIDTH - _MARGIN)
            print(f"{at:>11}  {who:<13}" + ("\n" + " " * _MARGIN).join(lines),
                  file=self._out, flush=True)

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
