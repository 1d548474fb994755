"""The table at the end, and what it is measured against."""

ORIGIN = ("For comparison, measured on the stock Java client (one producer, 5 "
          "sends/s, two brokers,\nits nameserver and one broker frozen): 28 "
          "failed sends over 103 s with close-on-timeout on\n(4.9.8); failing "
          "as long as the freeze lasted with it off.")


def _after(seconds, never="never while it hung"):
    return never if seconds is None else f"{seconds:.1f} s"


def _question(outcome):
    if outcome.left_nameserver is None:
        return "never while it hung"
    if outcome.question is None:
        return _after(outcome.left_nameserver)
    return (f"{outcome.left_nameserver:.1f} s (its question waited "
            f"{outcome.question:.2f} s)")


def _whole(outcome):
    if outcome.whole_after is None:
        return "NO: " + ", ".join(outcome.missing_parts)
    return f"{outcome.whole_after:.1f} s, no restart"


ROWS = [
    ("machine A hung for", lambda o: f"{o.hang_seconds:.0f} s"),
    ("messages attempted", lambda o: str(o.attempted)),
    ("acknowledged", lambda o: str(o.acknowledged)),
    ("lost (not acknowledged in their budget)", lambda o: str(o.lost)),
    ("last loss, after the hang",
     lambda o: _after(o.last_loss, "none lost")),
    ("received by the consumer", lambda o: str(o.received)),
    ("duplicated", lambda o: str(o.duplicated)),
    ("longest gap without a success", lambda o: f"{o.longest_gap:.2f} s"),
    ("client left nameserver A after", _question),
    ("client avoided broker A after", lambda o: _after(o.avoided)),
    ("broker A suspect at nameserver B after", lambda o: _after(o.suspect)),
    ("broker A out of B's routes after", lambda o: _after(o.dropped)),
    ("client's route followed after", lambda o: _after(o.followed)),
    ("whole after the wake-up", _whole),
]


def table(titles, outcomes):
    """Rows as text, a column for each run."""
    lines = [[""] + list(titles)]
    for name, cell in ROWS:
        lines.append([name] + [cell(outcome) for outcome in outcomes])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = []
    for number, line in enumerate(lines):
        text.append("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip())
        if number == 0:
            text.append("  ".join("-" * w for w in widths))
    return "\n".join(text)


def verdict(outcome, nameserver_a, rpc_timeout):
    """What our own run missed of what was promised; empty when nothing."""
    missed = []
    if outcome.lost:
        missed.append(f"{outcome.lost} messages were lost")
    if outcome.undelivered:
        missed.append(f"{outcome.undelivered} acknowledged messages never "
                      "reached the consumer")
    if outcome.left_nameserver is None or outcome.left_from != nameserver_a:
        missed.append("the client did not leave nameserver A")
    elif outcome.question is None or outcome.question > rpc_timeout:
        missed.append("the client did not leave nameserver A within its RPC "
                      f"budget of {rpc_timeout:g} s")
    if outcome.dropped is None:
        missed.append("broker A stayed in the routes of nameserver B")
    if outcome.followed is None:
        missed.append("the client's route did not follow")
    if outcome.whole_after is None:
        missed.append("not whole again after the wake-up")
    return missed
