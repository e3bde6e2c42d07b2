"""The desk as lines: the counter's work without a screen, through the real program and a pipe."""

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from cli.running import PROGRAM
from kitloan.college import College
from kitloan.text.tags import grouped
from kitloan_tui import lines
from tui.at_the_counter import SCHOOL, Store


def pipe(store: Store, *lines: str, end: str = "\n") -> subprocess.CompletedProcess[bytes]:
    """Pipe these lines through `kitloan desk --plain`."""
    return subprocess.run(
        [PROGRAM, "--store", store.place, "--as", "m.ross", "desk", "--plain"],
        input="".join(line + end for line in lines).encode(),
        capture_output=True,
        timeout=300,
        check=False,
    )


def said(answer: subprocess.CompletedProcess[bytes]) -> list[str]:
    """What it answered: the lines that are verdicts."""
    lines = answer.stdout.decode().splitlines()[2:]
    return [line for line in lines if not line.startswith("  ")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_day_through_a_pipe(store: Store, end: str) -> None:
    """Else a script, or a scanner on a serial line, could not work here."""
    lines = [
        store.kit,
        SCHOOL,
        store.headset,
        "done",
        store.kit,
        "wheel 2",
        "",
        "undo",
        store.kit,
        "KLULATER",
        store.headset,
    ]
    answer = pipe(store, *lines, end=end)
    words = [line.partition("  ")[0] for line in said(answer)]
    assert words == [
        "? TO WHOM?",
        "> OUT",
        "> OUT",
        "= DONE",
        "? IN?",
        "? IN?",
        "% IN, 2 SHORT",
        "< UNDONE",
        "? IN?",
        "? IN, TO BE COUNTED",
        "= IN",
    ]
    assert len(words) == len(lines)
    assert answer.returncode == 0
    assert answer.stderr == b""
    assert store.kitloan.find.holding(store.kit).status == "uncounted"


def test_a_refusal_says_its_hint_in_words_to_type(store: Store) -> None:
    """Else somebody who listens would be told of keys that this desk does not have."""
    answer = pipe(store, "KL0000000000A", store.kit, f"to {SCHOOL}")
    refused, _, out, _done = said(answer)
    assert refused.startswith("! REFUSED  ")
    assert out.endswith("Typing undo takes it back.")
    assert "Ctrl" not in answer.stdout.decode()
    assert answer.returncode == 1


def test_a_wrong_clock_is_shown_first(store: Store) -> None:
    """Else a day of loans is dated wrong before anybody looks at the corner of the screen."""
    now = store.kitloan.session.clock()
    ahead = replace(store.kitloan.session, clock=lambda: now + timedelta(days=3))
    desk = College(ahead, store.kitloan.college_name)
    heard = StringIO()
    assert lines.run(desk, StringIO(""), heard)
    shown = "  ! This computer's clock shows "
    assert [line for line in heard.getvalue().splitlines() if line.startswith(shown)]
    heard = StringIO()
    assert lines.run(store.kitloan, StringIO(""), heard)
    assert shown not in heard.getvalue()


def test_a_kit_nobody_finished_is_still_out(store: Store) -> None:
    """Else a pipe that breaks off would count a kit that nobody has counted."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    answer = pipe(store, store.kit, "wheel 2")
    assert said(answer)[-1].startswith("x NOT RETURNED  ")
    assert store.kitloan.find.holding(store.kit).status == "out"


def test_the_parts_list_comes_with_the_return(store: Store) -> None:
    """Else whoever counts would not know what there should be."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    heard = StringIO()
    assert lines.run(store.kitloan, StringIO(f"{store.kit}\n\n"), heard)
    assert "  Red holdall: 16 Wheel, 4 Spanner *\n" in heard.getvalue()


def test_a_list_to_pick_from(store: Store) -> None:
    """Else a kit without a label could not be found by ear."""
    heard = StringIO()
    assert lines.run(store.kitloan, StringIO("vr head\n1\nleave\n"), heard)
    assert f"  1  {grouped(store.headset)}  VR headset  = in\n" in heard.getvalue()
    assert f"/ FOUND 1  VR headset {grouped(store.headset)}: in. To lend" in heard.getvalue()


def test_what_is_not_text_is_answered(store: Store) -> None:
    """Else one byte from a scanner set to another code page would end the desk."""
    answer = subprocess.run(
        [PROGRAM, "--store", store.place, "desk", "--plain"],
        input=b"\xff\xfe\x00kit\n",
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert len(said(answer)) == 1
    assert b"Traceback" not in answer.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_an_interrupt_leaves_nothing_half_done(store: Store) -> None:
    """Else Ctrl+C would leave a kit neither here nor there."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    with subprocess.Popen(
        [PROGRAM, "--store", store.place, "desk", "--plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(f"{store.kit}\n")
        running.stdin.flush()
        while not running.stdout.readline().startswith("? IN?"):
            pass
        running.send_signal(signal.SIGINT)
        assert running.wait(300) == 130
    assert store.kitloan.find.holding(store.kit).status == "out"


def test_json_and_lines_do_not_go_together(store: Store) -> None:
    """Else a program that asked for a document would get something else."""
    answer = subprocess.run(
        [PROGRAM, "--store", store.place, "--json", "desk", "--plain"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 2
    assert b'"code": "usage"' in answer.stdout


def test_the_unexpected_does_not_close_the_desk(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one fault in the program would end a script half way, with a traceback."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    find, store.kitloan.__dict__["find"] = store.kitloan.find, None
    desk = lines.LineDesk(store.kitloan)
    assert desk.answer(store.kit)[0].startswith("! FAULT  Something went wrong")
    store.kitloan.__dict__["find"] = find
    assert desk.answer(store.kit)[0].startswith("? TO WHOM?")


def test_lines_that_say_nothing(store: Store) -> None:
    """Enter must not seem to lend again, and half a word must not become a school."""
    desk = lines.LineDesk(store.kitloan)
    desk.answer(store.kit)
    for word in ("to", "to ", "contact", "due"):
        assert desk.answer(word)[0].startswith("! REFUSED"), word
    assert desk.answer(f"to {SCHOOL}")[0].startswith("> OUT")
    assert desk.answer("")[0].startswith(f"> LENDING  to {SCHOOL}")
    assert "Words: " in desk.answer("help")[1]
    assert desk.answer("?") == desk.answer("help")
    assert desk.answer("\0")[0].startswith("! REFUSED")
    assert not desk.state.matches


def test_a_day_is_listed_in_lines(store: Store) -> None:
    """Else who works without a screen would not know what waits, or is late; a word is enough."""
    kitloan = store.kitloan
    today = kitloan.session.today
    friday = today + timedelta(days=4)
    kitloan.calendar.set_week(range(5), range(5))
    made = kitloan.bookings.book(SCHOOL, {"STEM kit": 1}, today, friday)[0]
    kitloan.loans.check_out([store.headset], SCHOOL, due_on=friday)
    desk = lines.LineDesk(kitloan)
    head, row = desk.answer("day")
    assert head == "= DAY  Monday 23 Nov 2026: 1 to hand out"
    assert row.startswith(f"  > hand out: {SCHOOL}, 1 STEM kit, = ready") and made.id in row
    head, row = desk.answer("Day  fri")
    assert head == "= DAY  Friday 27 Nov 2026: 1 due back"
    assert row.startswith(f"  = due back: {SCHOOL}, ") and grouped(store.headset) in row
    assert desk.answer("day sunday") == [
        "= DAY  Sunday 29 Nov 2026, the desk is closed: nothing to do"
    ]
    assert desk.answer("day of the triffids")[0].startswith(("/", "?", "!")), "words are searched"
    kitloan.loans.check_out([store.kit], SCHOOL, due_on=friday)
    asked = lines.LineDesk(kitloan)
    assert asked.answer(store.kit)[0].startswith("? IN?")
    assert not asked.answer("day")[0].startswith("= DAY"), "an answer to what is asked"
