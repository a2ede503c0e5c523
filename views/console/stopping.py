"""A Ctrl-C that a library swallowed comes again."""

import signal
import sys
import threading

_AGAIN_S = 0.1


def repeat_swallowed() -> None:
    """A stop asked for inside a hook that can raise nothing is asked for again shortly after.

    Python drops what is raised in a `__del__` or a callback of the garbage collector (Dask has
    one) and goes on: a run would take no notice of Ctrl-C that arrives there.
    """
    usual = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            usual(unraisable)
            return
        # not at once: this hook, too, can raise nothing
        main = threading.main_thread().ident
        again = threading.Timer(_AGAIN_S, signal.pthread_kill, (main, signal.SIGINT))
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
