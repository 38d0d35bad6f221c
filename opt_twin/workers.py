"""Worker processes that leave Ctrl-C to the process that started them."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from opt_twin.errors import OptionError

__all__ = ["DEAD_WORKER", "end_workers", "process_pool"]

P = ParamSpec("P")
T = TypeVar("T")

DEAD_WORKER = (
    "a worker process died. Workers are fresh processes that import your script again: put its code under "
    "if __name__ == '__main__':, or use one worker. If it stands there already, memory may have run out: "
    "use fewer workers"
)
"""What to say when a pool is broken."""


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of `workers` fresh processes that leave Ctrl-C to the calling process.

    Scripts that use it need the usual ``if __name__ == "__main__":`` around their code.

    Raises
    ------
    OptionError
        If `workers` is below 1, or the program was read from standard input, where workers cannot read it.
    """
    if workers < 1:
        raise OptionError(f"a pool needs 1 or more workers, got {workers}")
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # A worker imports a script without the guard. Its traceback would be repeated by every worker;
        # the process that started it sees the broken pool and says what to do.
        raise SystemExit(1)
    main = sys.modules["__main__"]
    where = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is None and where is not None and not Path(where).is_file():
        raise OptionError(
            f"worker processes cannot read a program from {where}: save it as a file, or use one worker"
        )
    return _Pool(
        max_workers=workers, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupts
    )


def end_workers(pool: ProcessPoolExecutor) -> None:
    """End the workers of `pool` at once, with what they are doing; none can catch it and go on."""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.kill()


class _Pool(ProcessPoolExecutor):
    """A pool whose workers are deaf to Ctrl-C from their first moment, also while they import."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with _interrupts_held():  # a process inherits what is held when it is started
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold a Ctrl-C to this thread until the end; processes that it starts meanwhile inherit the hold."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ignore_interrupts(*_: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
