"""Counting a kit at a plain prompt: the list, and then only what is not right."""

import sys
from collections.abc import Sequence

import click

from kitloan.cli.context import App
from kitloan.cli.output import at_terminal, columns, print_text
from kitloan.contents import Count, Fault, Part, match, reckon
from kitloan.errors import BadInput


def can_ask(app: App) -> bool:
    """Whether somebody is there to answer."""
    return not app.json and at_terminal(sys.stdin) and at_terminal(sys.stdout)


def ask(kit: str, parts: Sequence[Part]) -> Count | None:
    """What a person says of a kit's contents; None when there is no list, or they count later."""
    if not parts:
        return None
    before = any(part.missing or part.broken for part in parts)
    print_text(kit)
    print_text(columns([_line(part) for part in parts]))
    print_text("Enter: as it left, nothing more is short" if before else "Enter: all there")
    print_text("or what is not: wheel 2, panel 1 broken;  whole: everything is there;  later")
    count = Count()
    while said := click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip():
        if said.lower() in ("whole", "later"):
            if not _short(count):
                return Count(whole=True) if said.lower() == "whole" else None
            print_text("  You have said what is short: Enter records it.")
            continue
        try:
            count = _with(count, said, parts)
        except BadInput as problem:
            print_text(f"  {problem.message} {problem.hint}")
    if count.exceptions:
        return count
    return as_it_left(parts) if before else Count(whole=True)


def _with(count: Count, said: str, parts: Sequence[Part]) -> Count:
    """The count with what one line says, all of it; refused while it can still be said again."""
    found = {"missing": dict(count.missing or {}), "broken": dict(count.broken or {})}
    pieces = [said] if any("," in part.name for part in parts) else said.split(",")
    named = [parse_said(piece, parts) for piece in pieces]
    for name, number, fault in named:
        found[fault][name] = number
    now = Count(missing=found["missing"], broken=found["broken"])
    reckon(parts, now)
    for name, number, fault in named:
        print_text(f"  {name}: {number} {fault}")
    return now


def _short(count: Count) -> bool:
    return any((*(count.missing or {}).values(), *(count.broken or {}).values()))


def as_it_left(parts: Sequence[Part]) -> Count:
    """The count that finds what was known to be short, and nothing else."""
    return Count(
        missing={part.name: part.missing for part in parts if part.missing},
        broken={part.name: part.broken for part in parts if part.broken},
    )


def parse_said(said: str, parts: Sequence[Part]) -> tuple[str, int, Fault]:
    """`wheel 2` or `panel 1 broken`: which component, how many, and what is wrong with them.

    Raises:
        BadInput: `bad_exception` or `no_such_component`.
    """
    words = said.replace("=", " ").split()
    fault: Fault = "missing"
    if words and words[-1].lower() in ("broken", "missing"):
        fault = "broken" if words.pop().lower() == "broken" else "missing"
    number = words.pop() if words and words[-1].isdecimal() else "1"
    if not words:
        raise BadInput("bad_exception", "Which component?", "Say it like: wheel 2")
    return match(" ".join(words), [part.name for part in parts]), int(number), fault


def _line(part: Part) -> list[str]:
    short = part.missing + part.broken
    return [
        f"  {part.bag or ''}",
        f"{part.quantity:>4}",
        part.name + (" *" if part.critical else ""),
        f"was {part.quantity - short}" if short else "",
    ]
