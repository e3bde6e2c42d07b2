"""A worker of `kitloan.history.workers`: checks ledgers of a copy, one after another, as asked.

Run as a program of its own. It ends when its input does.
"""

import os
import pickle
import queue
import sys
import threading
from typing import Any, BinaryIO

from kitloan.history.verify import Checker
from kitloan.history.workers import DONE, FAILED, READY, TICK
from kitloan.storage.store import scratch_store, shared_copy


def main() -> None:
    """Open the copy that the input names, and check each ledger that it names after that."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may be among the answers
    asked: queue.Queue[Any] = queue.Queue()
    copy = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the program that started this one
    scratch = scratch_store(on_disk=True)
    with scratch.engine.connect() as replayed, shared_copy(copy, replayed) as opened:
        _answer(answers, READY, None)
        threading.Thread(target=_listen, args=(asked,), daemon=True).start()
        college, part = asked.get()
        with opened() as live:
            checker = Checker(live, replayed)
            while True:
                try:
                    checked = checker.check(
                        college, lambda done: _answer(answers, TICK, done), part
                    )
                except Exception:
                    _answer(answers, FAILED, None)  # who started this one finds the reason
                else:
                    _answer(answers, DONE, checked)
                college, part = asked.get()


def _listen(asked: "queue.Queue[Any]") -> None:
    try:
        while True:
            asked.put(pickle.load(sys.stdin.buffer))  # noqa: S301
    except Exception:
        os._exit(0)  # nobody is there to hear of it, and nothing is to be kept


def _answer(answers: BinaryIO, what: str, answer: object) -> None:
    pickle.dump((what, answer), answers)
    answers.flush()
