"""Finds a topic's brokers and sends something to them, in Python, through
waypost/client.h and ctypes.

    WAYPOST_NAMESERVERS=10.0.0.1:9876 python3 lookup.py orders

The library is libwaypost-client.so.0 of the system, or WAYPOST_LIBRARY's.
"""

import ctypes
import os
import sys

SECOND = 1_000_000_000
SUCCEEDED, FAILED = 0, 1


class Pick(ctypes.Structure):
    """waypost_pick."""
    _fields_ = [("struct_size", ctypes.c_size_t),
                ("broker", ctypes.c_char_p),
                ("address", ctypes.c_char_p),
                ("host", ctypes.c_char_p),
                ("broker_id", ctypes.c_int64),
                ("queue", ctypes.c_uint32),
                ("port", ctypes.c_uint16),
                ("internal", ctypes.c_void_p)]


Attempt = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p,
                           ctypes.POINTER(Pick), ctypes.c_int64,
                           ctypes.c_void_p, ctypes.c_size_t)


def load():
    """The library, with the types of what is used here: without them ctypes
    takes everything for an int."""
    library = ctypes.CDLL(
        os.environ.get("WAYPOST_LIBRARY", "libwaypost-client.so.0"))
    handle, text, code = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
    out = ctypes.POINTER(handle)
    for name, result, arguments in (
            ("version", text, []),
            ("error_text", text, [handle]),
            ("error_free", None, [handle]),
            ("options_new", handle, []),
            ("options_free", None, [handle]),
            ("options_set", code, [handle, text, text, out]),
            ("options_set_from_environment", code, [handle, out]),
            ("client_create", code, [handle, handle, out, out]),
            ("client_free", None, [handle]),
            ("client_route", code,
             [handle, text, ctypes.c_int64, out, out]),
            ("route_text", text, [handle]),
            ("route_free", None, [handle]),
            ("client_send", code,
             [handle, text, Attempt, handle, handle, handle, out])):
        function = getattr(library, "waypost_" + name)
        function.restype, function.argtypes = result, arguments
    return library


class Waypost(Exception):
    """What a function of the library did not do, and why."""


class Client:
    """A client made from the environment; use it with `with`."""

    def __init__(self, library, **options):
        self.library = library
        chosen = library.waypost_options_new()
        try:
            self.check(library.waypost_options_set_from_environment, chosen)
            for key, value in options.items():
                key = "client." + key.replace("_", "-")
                self.check(library.waypost_options_set, chosen, key.encode(),
                           value.encode())
            self.handle = ctypes.c_void_p()
            self.check(library.waypost_client_create, chosen, None,
                       ctypes.byref(self.handle))
        finally:
            library.waypost_options_free(chosen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.waypost_client_free(self.handle)

    def check(self, function, *arguments):
        """Calls with a place for the error, and raises it."""
        error = ctypes.c_void_p()
        if function(*arguments, ctypes.byref(error)) != 0:
            text = self.library.waypost_error_text(error).decode()
            self.library.waypost_error_free(error)
            raise Waypost(text)

    def route(self, topic, timeout=3):
        route = ctypes.c_void_p()
        self.check(self.library.waypost_client_route, self.handle,
                   topic.encode(), int(timeout * SECOND), ctypes.byref(route))
        text = self.library.waypost_route_text(route).decode()
        self.library.waypost_route_free(route)
        return text

    def send(self, topic, publish):
        """`publish(address, queue)` is true when the broker took it."""
        def attempt(_context, pick, _budget, _why, _why_size):
            try:
                sent = publish(pick[0].address.decode(), pick[0].queue)
            except Exception:  # pylint: disable=broad-except
                sent = False  # none may leave a function that C calls
            return SUCCEEDED if sent else FAILED

        self.check(self.library.waypost_client_send, self.handle,
                   topic.encode(), Attempt(attempt), None, None, None)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    attempts = []

    def publish(address, queue):
        attempts.append(address)
        print(f"attempt {len(attempts)}: to {address}, queue {queue}")
        return len(attempts) > 1  # the first one fails

    library = load()
    print("version", library.waypost_version().decode())
    try:
        with Client(library, name="lookup.py") as client:
            print(client.route(sys.argv[1]))
            client.send(sys.argv[1], publish)
            print(f"sent after {len(attempts)} attempts")
    except Waypost as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
