"""Looks at a nameserver as an operator would, with waypostctl, and tells when
the route it gives changes."""

import threading
import time

from services import route_at


class RouteWatch:
    """Asks a few times a second on a thread of its own."""

    def __init__(self, site, operator, nameserver, who, timeline):
        self._ask = lambda: route_at(site, operator, nameserver)
        self._who = who
        self._timeline = timeline
        self._stop = threading.Event()
        self.route = self._ask()
        self.changes = []  # (when, route)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.2):
            route = self._ask()
            if route is None or route == self.route:
                continue
            when = time.time()
            for broker in sorted(set(self.route or {}) | set(route)):
                before = (self.route or {}).get(broker)
                after = route.get(broker)
                if before != after:
                    self._timeline.say(self._who, self._text(broker, after),
                                       when)
            self.changes.append((when, route))
            self.route = route

    @staticmethod
    def _text(broker, health):
        if health is None:
            return f"{broker} left the routes"
        return f"{broker} is {health}"

    def first(self, holds, after):
        """When, after `after`, a route first held `holds(route)`, or None."""
        for when, route in self.changes:
            if when >= after and holds(route):
                return when
        return None

    def stop(self):
        self._stop.set()
        self._thread.join()
