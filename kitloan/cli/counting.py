"""Counting a kit at a plain prompt: the list, and then only what is not right."""

import sys
from collections.abc import Sequence

import click

from kitloan.cli.context import App
from kitloan.cli.output import at_terminal, columns, print_text
from kitloan.contents import Count, Part, Said, as_it_left, count_of, read_exceptions, reckon
from kitloan.errors import BadInput


def can_ask(app: App) -> bool:
    """Whether somebody is there to answer."""
    return not app.json and at_terminal(sys.stdin) and at_terminal(sys.stdout)


def ask(kit: str, parts: Sequence[Part]) -> Count | None:
    """What a person says of a kit's contents; None when there is no list, or they count later."""
    if not parts:
        return None
    before = as_it_left(parts)
    print_text(kit)
    print_text(columns([_line(part) for part in parts]))
    print_text("Enter: as it left, nothing more is short" if before else "Enter: all there")
    print_text("or what is not: wheel 2, panel 1 broken;  whole: everything is there;  later")
    told: list[Said] = []
    while said := click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip():
        if said.lower() in ("whole", "later"):
            if not any(each.number for each in told):
                return Count(whole=True) if said.lower() == "whole" else None
            print_text("  You have said what is short: Enter records it.")
            continue
        try:
            new = read_exceptions(said, parts)
            reckon(parts, count_of([*told, *new]))
        except BadInput as problem:
            print_text(f"  {problem.message} {problem.hint}")
            continue
        told += new
        for each in new:
            print_text(f"  {each}")
    return count_of([*before, *told])


def _line(part: Part) -> list[str]:
    short = part.missing + part.broken
    return [
        f"  {part.bag or ''}",
        f"{part.quantity:>4}",
        part.name + (" *" if part.critical else ""),
        f"was {part.quantity - short}" if short else "",
    ]
