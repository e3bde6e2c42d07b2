"""Exchange files that were damaged on the way, or made to deceive: merged whole, or not at all."""

import gzip
import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

import kitloan
from conftest import SetClock
from fuzz.fuzzing import ODD, answer_or_refusal, fuzz, runs, spoilt
from fuzz.readers import Reader
from kitloan.exchange.file import FIRST, SECOND, public_key, signed_text, signing_key
from kitloan.ledger.entry import GENESIS
from lives import begin, bytes_of, canonical, digest, keep, lend, register_of
from trusting import merge

Lines = list[dict[str, Any]]
_SAID_BEFORE = re.compile(r'"prev":"[0-9a-f]*",(?="seq":[^"]*}$)')


@dataclass(frozen=True)
class Sent:
    """A college's whole ledger as a file, its lines, its key, and ESP's empty store to copy."""

    content: bytes
    lines: Lines
    sign: Callable[[bytes], str]
    esp: Path


@pytest.fixture(params=[FIRST, SECOND])
def sent(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Sent:
    """Some weeks of a college, exported in each version of the file."""
    return some_weeks(tmp_path, clock, request.param)


def some_weeks(folder: Path, clock: SetClock, version: int = FIRST) -> Sent:
    """Lend and keep at a college for some weeks, and export it."""
    with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as fife:
        tags = begin(fife, clock)
        lend(fife, clock, tags)
        keep(fife, clock, tags)
        fife.exchange.export(folder / "fife.klx")
        with fife.session.store.write() as connection:
            key = signing_key(connection, "fife")
        assert public_key(key)
    esp = folder / "esp-empty.sqlite"
    kitloan.init("esp", esp, actor="esp", clock=clock).close()
    content = gzip.decompress((folder / "fife.klx").read_bytes())
    lines = [json.loads(line) for line in content.splitlines()]

    def sign(text: bytes) -> str:
        return key.sign(text).hex()

    if version == SECOND:
        lines[0]["version"] = version
        content = sealed(lines, sign)
    return Sent(content, lines, sign, esp)


def entries(folder: Path) -> Reader:
    """A college's ledger, sealed anew after whatever was done to its lines."""
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    sent = some_weeks(folder, clock)

    def check(content: bytes) -> None:
        with suppress(TypeError, ValueError, RecursionError):  # then it goes as it is
            content = sealed([json.loads(line) for line in content.splitlines()], sent.sign)
        merges_whole_or_not(sent, folder, clock, gzip.compress(content))

    return Reader((sent.content,), check)


def sealed(lines: Lines, sign: Callable[[bytes], str]) -> bytes:
    """The lines as a file whose chain and signature hold, as only the college could make it."""
    header, *entries = lines
    before, bodies = GENESIS, []
    for entry in entries:
        bodies.append(canonical(entry | {"prev": before} if isinstance(entry, dict) else entry))
        before = digest(bodies[-1])
    header = {**header, "head": before}
    header["signature"] = sign(signed_text(header))
    if header.get("version") == SECOND:
        bodies = [_SAID_BEFORE.sub("", body) for body in bodies]
    text = "\n".join([json.dumps(header), *bodies, ""])
    return text.encode(errors="surrogatepass")


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value has parts."""
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in parts:
        found.append((*here, key))
        if isinstance(part, dict | list):
            found += places(part, (*here, key))
    return found


def put(value: Any, where: tuple[Any, ...], odd: Any) -> None:
    """Put something odd there; take the part away where it is `...`."""
    for key in where[:-1]:
        value = value[key]
    if odd is ...:
        value.pop(where[-1])
    else:
        value[where[-1]] = odd


@st.composite
def lies(draw: st.DrawFn, sent: Sent) -> bytes:
    """A file that says something odd somewhere, and is sealed as if that were right."""
    lines: Lines = json.loads(json.dumps(sent.lines))
    for _ in range(draw(st.integers(1, 2))):
        where = draw(st.sampled_from(places(lines)))
        elsewhere = lines
        for key in draw(st.sampled_from(places(lines))):
            elsewhere = elsewhere[key]
        try:  # a copy, since a thing put into itself has no end
            put(lines, where, draw(ODD | st.just(...) | st.just(deepcopy(elsewhere))))
        except (KeyError, IndexError, TypeError):
            continue  # the first lie took away what the second would have changed
    try:
        return gzip.compress(sealed(lines, sent.sign))
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError):
        return gzip.compress(sent.content)


def merges_whole_or_not(sent: Sent, folder: Path, clock: SetClock, content: bytes) -> None:
    """ESP's store is as it was, or history proves what it took."""
    store, file = folder / "esp.sqlite", folder / "file.klx"
    shutil.copy(sent.esp, store)
    shutil.rmtree(f"{store}.aside", ignore_errors=True)  # what it refused is tried again each time
    file.write_bytes(content)
    with kitloan.open(store, actor="esp", clock=clock) as esp:
        before = bytes_of(esp)
        if answer_or_refusal(lambda: merge(esp, [file])) is None:
            assert bytes_of(esp) == before
            return
        verdict = esp.ledger.verify()
        assert verdict.ok, verdict.findings
        esp.audit.audit()
        esp.find.search("")
        assert register_of(esp)


@runs
def test_a_damaged_file_is_merged_whole_or_not_at_all(
    how: settings, tmp_path: Path, sent: Sent, clock: SetClock
) -> None:
    """Half of a college's ledger in ESP's report would be a figure that nobody can explain."""
    strategy = st.one_of(
        spoilt(gzip.compress(sent.content, mtime=0)),
        spoilt(sent.content).map(gzip.compress),
        spoilt(sent.content),
    )
    fuzz(how, strategy, lambda content: merges_whole_or_not(sent, tmp_path, clock, content))


@runs
def test_a_lie_that_is_sealed_well_is_refused_or_can_be_proved(
    how: settings, tmp_path: Path, sent: Sent, clock: SetClock
) -> None:
    """Who has a college's store can seal anything; ESP's store must survive to say no."""
    fuzz(how, lies(sent), lambda content: merges_whole_or_not(sent, tmp_path, clock, content))
