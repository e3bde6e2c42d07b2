"""The mapping step on a terminal: each open question with its evidence, answered by one key."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.output import at_terminal, print_text
from kitloan.text.names import plain

if TYPE_CHECKING:
    from kitloan.imports.mapfile import Map
    from kitloan.imports.questions import Question
    from kitloan.imports.rows import Register


def can_ask() -> bool:
    """Whether a person is there to answer."""
    return at_terminal(sys.stdin) and at_terminal(sys.stdout)


def ask(file: Path, register: "Register", again: Callable[["Map"], "Register"]) -> "Map | None":
    """Ask each question, until none is open; None when a person stops.

    Args:
        file: the register's file; the map is kept beside it.
        register: as it was read.
        again: reads it with these answers; an answer can open another question.
    """
    answers = register.answers
    print_text(f"{file.name} leaves questions open. Nothing changes until they are answered.")
    while register.questions:
        given = []
        for question in register.questions:
            answer = _one(question)
            if answer is None:
                return None
            given.append((question, answer))
        answers = answers.with_answers(given)
        register = again(answers)
    if click.confirm("Keep these answers beside the file, for the next time?", default=True):
        print_text(f"The map is in {write(file, register, '')}.")
    made: Map | None = answers
    return made


def _one(question: "Question") -> str | None:
    """The answer to one question, as a map writes it; None to stop."""
    print_text("\n".join(question.lines()))
    for key, (_, meaning) in enumerate(question.options, start=1):
        print_text(f"  {key}  {meaning}")
    if question.kind == "value":
        print_text("  or type what it means: the name of a school")
    default = "1" if question.proposed is not None else None
    while True:
        typed = str(click.prompt("  Answer (q stops)", default=default))
        if typed.strip().lower() == "q":
            return None
        answer = question.answer(typed)
        if answer is not None:
            return answer
        print_text(plain(f"  {typed!r} is none of these; type a number."))


def write(file: Path, register: "Register", into: str) -> Path:
    """Write the map of a register; gives where.

    Args:
        file: the register's file.
        register: as it was read, with what is still open.
        into: the map's name; empty puts it beside the register.
    """
    from kitloan.imports.mapfile import map_beside, write_map

    path = Path(into) if into else map_beside(file)
    columns = [(column.header, column.field) for column in register.columns]
    write_map(path, register.answers, columns, register.questions)
    return path
