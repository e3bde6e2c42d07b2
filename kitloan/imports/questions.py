"""Questions: what a register leaves open that could change who has what.

A question is about a column, about values of a column, or about a sheet. Nothing of the file
changes
the store until each is answered; the answer is a line of a map, so it is kept for the next time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from kitloan.text.names import fold, plain, tidy

Kind = Literal["column", "value", "sheet"]

_SHOWN = 80
_MOST_SAMPLES = 3
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        id: names it, the same each time the same file is read.
        column: the header; empty for a question about a sheet.
        rows: the rows concerned, at most 200; empty when it is the whole column or sheet.
        why: what was seen, as a sentence.
        proposed: the answer that the evidence speaks for, as a map writes it; None for none.
        samples: at most three values.
        values: for a question about values, each of them as written.
        choices: answers that make sense, each with what it means.
    """

    id: str
    kind: Kind
    sheet: str
    column: str
    rows: tuple[int, ...]
    why: str
    proposed: str | None
    samples: tuple[str, ...]
    values: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What one key can answer, each with its meaning; the proposal is the first."""
        listed = self.choices or (("", "keep it as a note"),)
        first = [each for each in listed if each[0] == self.proposed]
        if self.proposed is not None and not first:
            first = [(self.proposed, self.proposed or "keep it as a note")]
        return (*first, *(each for each in listed if each not in first))[:9]

    def lines(self) -> list[str]:
        """The question for a person: what it is about, what was seen, samples, what is proposed."""
        rows = ""
        if self.rows:
            shown = ", ".join(map(str, self.rows[:8])) + (", ..." if len(self.rows) > 8 else "")
            rows = f" (row{'s' if len(self.rows) > 1 else ''} {shown})"
        lines = [f"{self.column or self.sheet}{rows}: {self.why}"]
        if self.samples:
            lines.append(f"  for example: {'; '.join(self.samples)}")
        if self.proposed is not None:
            lines.append(f"  proposed: {self.options[0][1]}")
        return lines

    def answer(self, typed: str) -> str | None:
        """What a typed line answers: a number of `options`, or words; None when it is no answer.

        Nothing typed takes the proposal. Words answer a question about values: what they mean, or
        the name of a school.
        """
        text = tidy(typed)
        if not text:
            return self.proposed
        if text.isdecimal() and 1 <= int(text) <= len(self.options):
            return self.options[int(text) - 1][0]
        if self.kind == "value" and not text.isdecimal():
            return text
        return next((answer for answer, _ in self.options if answer and fold(text) == answer), None)

    def as_json(self) -> dict[str, Any]:
        """The question as `--json` gives it."""
        return {
            "id": self.id,
            "sheet": self.sheet,
            "column": self.column,
            "rows": list(self.rows),
            "why": self.why,
            "proposed": self.proposed,
            "samples": list(self.samples),
        }


@dataclass(slots=True)
class _Open:
    why: str
    choices: tuple[tuple[str, str], ...]
    rows: list[int] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


class Questions:
    """Questions as they are met, those of one kind about one column together."""

    def __init__(self) -> None:
        self._asked: dict[str, Question] = {}
        self._about_values: dict[tuple[str, str, str, str | None], _Open] = {}

    def about_column(
        self,
        sheet: str,
        column: str,
        why: str,
        proposed: str | None,
        samples: Iterable[str] = (),
        choices: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Ask what a column is."""
        key = f"column:{sheet}!{column}"
        self._asked.setdefault(
            key,
            Question(
                key, "column", sheet, column, (), why, proposed, _samples(samples), (), choices
            ),
        )

    def about_sheet(
        self,
        sheet: str,
        why: str,
        proposed: str | None,
        samples: Iterable[str] = (),
        choices: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Ask what to do with a sheet."""
        key = f"sheet:{sheet}"
        self._asked.setdefault(
            key,
            Question(key, "sheet", sheet, "", (), why, proposed, _samples(samples), (), choices),
        )

    def about_value(
        self,
        sheet: str,
        column: str,
        row: int,
        value: str,
        topic: str,
        why: str,
        proposed: str | None,
        choices: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Ask what a value means; values of one topic with one proposal are one question.

        Args:
            sheet, column, row: where it is.
            value: as the cell shows it.
            topic: what is in doubt, a word: "people", "gone".
            why: the sentence; the first one of a topic counts.
            proposed: the answer, as the map writes it.
            choices: other answers.
        """
        key = (sheet, column, topic, proposed)
        asked = self._about_values.setdefault(key, _Open(why, choices))
        if len(asked.rows) < _MOST_ROWS:
            asked.rows.append(row)
        asked.values.setdefault(fold(value), value)

    def withdraw_rows(self, sheet: str, column: str) -> None:
        """Forget what was asked about the values of a column, which turned out not to matter."""
        for key in [k for k in self._about_values if k[:2] == (sheet, column)]:
            del self._about_values[key]

    def all(self) -> tuple[Question, ...]:
        """Every question: sheets first, then columns, then values."""
        found = list(self._asked.values())
        for (sheet, column, topic, proposed), asked in self._about_values.items():
            values = tuple(asked.values.values())
            found.append(
                Question(
                    f"value:{sheet}!{column}:{topic}" + (f":{proposed}" if proposed else ""),
                    "value",
                    sheet,
                    column,
                    tuple(asked.rows),
                    asked.why,
                    proposed,
                    _samples(values),
                    values,
                    asked.choices,
                )
            )
        order = {"sheet": 0, "column": 1, "value": 2}
        return tuple(sorted(found, key=lambda question: order[question.kind]))


def _samples(values: Iterable[str]) -> tuple[str, ...]:
    shown: list[str] = []
    for value in values:
        if len(shown) == _MOST_SAMPLES:
            break
        shown.append(plain(tidy(value[: _SHOWN + 1]))[:_SHOWN])
    return tuple(shown)
