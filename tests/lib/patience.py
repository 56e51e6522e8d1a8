"""
How long a test waits for what must come. A machine may be slow: a limit only makes a hang end, and is
never a promise. What is promised in milliseconds is shown by a test with a clock of its own
(tests/unit), by order of events, by CPU time, or by tests/bench.
"""

HANG_S = 180.0  # only a hang exceeds it
