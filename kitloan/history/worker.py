"""A worker of `kitloan.history.workers`: does its job for ledgers, one after another, as asked.

Run as a program of its own. It ends when its input does.
"""

import os
import pickle
import queue
import sys
import threading
from typing import Any, BinaryIO

from kitloan.history.workers import DONE, FAILED, READY, TICK, Job


def main() -> None:
    """Open the job that the input brings, and do it for each ledger that it names after that."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may be among the answers
    asked: queue.Queue[Any] = queue.Queue()
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the program that started this one
    with job.opened() as do:
        _answer(answers, READY, None)
        threading.Thread(target=_listen, args=(asked,), daemon=True).start()
        while True:
            task = asked.get()
            try:
                done = do(task, lambda more: _answer(answers, TICK, more))
            except Exception:
                _answer(answers, FAILED, None)  # who started this one finds the reason
            else:
                _answer(answers, DONE, done)


def _listen(asked: "queue.Queue[Any]") -> None:
    try:
        while True:
            asked.put(pickle.load(sys.stdin.buffer))  # noqa: S301
    except Exception:
        os._exit(0)  # nobody is there to hear of it, and nothing is to be kept


def _answer(answers: BinaryIO, what: str, answer: object) -> None:
    pickle.dump((what, answer), answers)
    answers.flush()
