"""Every file that does not fit: how it is made of a good one, and what the refusal must name."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass

from exchange.forging import Lines, flipped, headed, known, packed, resealed, seq_of, with_fact
from kitloan.exchange import LONGEST_LINE
from kitloan.exchange.file import NEWEST
from lives import canonical, digest


@dataclass(frozen=True)
class Wrong:
    """A file that does not fit: how it is made of a good one, and what the refusal must name."""

    name: str
    make: Callable[[Lines], bytes]
    code: str
    seq: Callable[[Lines], int] | None = None


def _entry(
    name: str,
    change: Callable[[Lines], Lines],
    code: str,
    seq: Callable[[Lines], int] | None = None,
) -> Wrong:
    return Wrong(name, lambda lines: packed(change(lines)), code, seq)


WRONG = (
    _entry(
        "an entry altered that ESP has",
        lambda lines: with_fact(lines, 4, donor="Somebody else"),
        "forked",
        lambda lines: 4,
    ),
    _entry(
        "an entry altered that ESP has not; the next one tells",
        lambda lines: with_fact(lines, seq_of(lines, "holding.moved"), location="Elsewhere"),
        "altered",
        lambda lines: seq_of(lines, "holding.moved") + 1,
    ),
    _entry(
        "the last entry altered",
        lambda lines: with_fact(lines, len(lines) - 1, name="Another kit"),
        "altered",
        lambda lines: len(lines) - 1,
    ),
    _entry(
        "history written anew from an entry that ESP has",
        lambda lines: resealed(with_fact(lines, 4, donor="Somebody else")),
        "forked",
        lambda lines: 4,
    ),
    _entry(
        "history written anew, and only its end sent",
        lambda lines: (
            lambda forged: headed(
                [forged[0], *forged[known(lines) + 1 :]],
                first=known(lines) + 1,
                prev=digest(forged[known(lines)]),
            )
        )(resealed(with_fact(lines, 4, donor="Somebody else"))),
        "forked",
        lambda lines: known(lines) + 1,
    ),
    _entry(
        "an entry left out",
        lambda lines: [*lines[:30], *lines[31:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "two entries swapped",
        lambda lines: [*lines[:30], lines[31], lines[30], *lines[32:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "an entry twice",
        lambda lines: [*lines[:31], *lines[30:]],
        "altered",
        lambda lines: 31,
    ),
    _entry(
        "an entry that is no JSON",
        lambda lines: [*lines[:30], lines[30][:-1], *lines[31:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "a line that is empty",
        lambda lines: [*lines[:30], "", *lines[30:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "a line too many",
        lambda lines: [*lines, ""],
        "altered",
        lambda lines: len(lines),
    ),
    _entry("the end missing", lambda lines: lines[:-3], "truncated", lambda lines: len(lines) - 4),
    _entry("a header and no more", lambda lines: lines[:1], "truncated", lambda lines: 0),
    _entry(
        "a college opened in the middle",
        lambda lines: resealed([*lines, lines[1].replace("open-fife", "open-again")]),
        "altered",
        lambda lines: len(lines),
    ),
    _entry(
        "a kit lent that is out",
        lambda lines: resealed(
            [
                *lines,
                lines[seq_of(lines, "loan.checked_out")].replace('"loan":"', '"loan":"x'),
            ]
        ),
        "impossible",
        lambda lines: len(lines),
    ),
    _entry(
        "a return of no loan",
        lambda lines: resealed(with_fact(lines, seq_of(lines, "loan.checked_in"), loan="none")),
        "impossible",
        lambda lines: seq_of(lines, "loan.checked_in"),
    ),
    _entry(
        "a kind that only a newer kitloan knows",
        lambda lines: resealed(with_fact(lines, 30, kind="kit.teleported")),
        "newer_file",
        lambda lines: 30,
    ),
    _entry(
        "a field that is not known",
        lambda lines: resealed(with_fact(lines, 30, mood="good")),
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "another college's header",
        lambda lines: headed(lines, ledger="borders"),
        "altered",
        lambda lines: 1,
    ),
    _entry(
        "an epoch that nobody resumed, from where ESP's copy ends",
        lambda lines: (
            lambda tail: resealed(
                [
                    headed(
                        lines,
                        ledger="fife/5",
                        first=known(lines) + 1,
                        prev=digest(lines[known(lines)]),
                    )[0],
                    *[canonical(json.loads(line) | {"ledger": "fife/5"}) for line in tail],
                ]
            )
        )(lines[known(lines) + 1 :]),
        "altered",
        lambda lines: known(lines) + 1,
    ),
    _entry(
        "the header of an epoch that has no entries",
        lambda lines: headed(lines, ledger="fife/2"),
        "altered",
        lambda lines: len(lines) - 1,
    ),
    _entry(
        "entries added at the end, sealed well, and signed by nobody",
        lambda lines: resealed(
            [*lines, lines[seq_of(lines, "holding.moved")].replace('"id":"', '"id":"x')]
        ),
        "unsigned",
        lambda lines: known(lines) + 1,
    ),
    _entry("ESP's own ledger", lambda lines: headed(lines, ledger="esp"), "own_ledger"),
    _entry("a newer format", lambda lines: headed(lines, version=NEWEST + 1), "newer_file"),
    _entry(
        "a newer format of another shape",
        lambda lines: [json.dumps({"format": "kitloan-ledger", "version": 99}), *lines[1:]],
        "newer_file",
    ),
    *(
        _entry(
            f"a header with {name} {value!r:.30}",
            lambda lines, name=name, value=value: headed(lines, **{name: value}),
            "bad_exchange_file",
        )
        for name, value in (
            ("version", "1"),
            ("version", -1),
            ("ledger", "fife/1"),
            ("ledger", "fife/two"),
            ("ledger", ""),
            ("ledger", "fi\x00fe"),
            ("ledger", "\x1b[2J"),
            ("ledger", "\ud800"),
            ("ledger", "x" * 5000),
            ("first", 0),
            ("first", 1.5),
            ("first", 10**30),
            ("last", 10**30),
            ("last", -1),
            ("prev", None),
        )
    ),
    _entry(
        "a header for no entries of a college not known",
        lambda lines: headed(lines[:1], ledger="borders", last=0, head=""),
        "bad_exchange_file",
    ),
    _entry("no header", lambda lines: lines[1:], "bad_exchange_file"),
    _entry("JSON of something else", lambda lines: ['{"format": "geojson"}'], "bad_exchange_file"),
    _entry("a list", lambda lines: ["[1, 2, 3]", *lines], "bad_exchange_file"),
    _entry("JSON without a bottom", lambda lines: ["[" * 200_000], "bad_exchange_file"),
    _entry("words", lambda lines: ["Dear ESP,", "", "please find"], "bad_exchange_file"),
    Wrong("an empty file", lambda lines: b"", "bad_exchange_file"),
    Wrong("gzip of nothing", lambda lines: gzip.compress(b""), "bad_exchange_file"),
    Wrong("no gzip", lambda lines: "\n".join(lines).encode(), "bad_exchange_file"),
    Wrong("a file cut short", lambda lines: packed(lines)[:-20], "bad_exchange_file"),
    Wrong(
        "half a file", lambda lines: packed(lines)[: len(packed(lines)) // 2], "bad_exchange_file"
    ),
    Wrong("rubbish at the end", lambda lines: packed(lines) + b"rubbish", "bad_exchange_file"),
    Wrong("one bit flipped", lambda lines: flipped(packed(lines)), "bad_exchange_file"),
    Wrong("other letters", lambda lines: gzip.compress(b"\xff\xfe\n"), "bad_exchange_file"),
    Wrong(
        "a first line without an end",
        lambda lines: gzip.compress(b"x" * (20 * LONGEST_LINE)),
        "bad_exchange_file",
    ),
    Wrong(
        "an entry without an end",
        lambda lines: gzip.compress(
            "\n".join(lines[:30]).encode() + b"\n" + b" " * (20 * LONGEST_LINE)
        ),
        "bad_exchange_file",
    ),
)
