"""A stop asked for where Python can raise nothing is not lost."""

import subprocess
import sys

_SWALLOWED = """
import gc, signal, sys, time
from views.console.stopping import repeat_swallowed
signal.signal(signal.SIGINT, signal.default_int_handler)
repeat_swallowed()

def callback(phase, info):
    gc.callbacks.remove(callback)
    signal.raise_signal(signal.SIGINT)

gc.callbacks.append(callback)
gc.collect()
try:
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(3)
"""


def test_a_stop_inside_a_callback_of_the_collector_comes_again() -> None:
    words = [sys.executable, "-c", _SWALLOWED]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)
    assert answer.returncode == 3, answer.stderr
    assert answer.stderr == ""


def test_any_other_fault_that_cannot_be_raised_is_still_shown() -> None:
    faulty = """
from views.console.stopping import repeat_swallowed
repeat_swallowed()

class Faulty:
    def __del__(self):
        raise ValueError("in a finaliser")

Faulty()
"""
    words = [sys.executable, "-c", faulty]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)
    assert answer.returncode == 0
    assert "in a finaliser" in answer.stderr
