"""The words of notices: templates in plain English that a college can replace, one by one.

A template is text. Its first line is the subject of a mail or letter, then an empty line, then the
words. `{school}` and the other fields of `FIELDS` are filled in; any other is refused by name.
Braces that are meant are doubled. What is filled in is never looked at again: a school that is
called {due} is called that.
"""

from collections.abc import Mapping
from string import Formatter

from kitloan.errors import BadInput

FIELDS: Mapping[str, str] = {
    "college": "the name of the college",
    "school": "the name of the borrower",
    "contact": "the person who took the loan; the name of the borrower where nobody is on file",
    "kits": "what it is about, one line for each",
    "due": "the day on which it is due, or was",
    "days_late": "how many days late it is, as a number",
    "today": "the day of the notice",
}
"""What a template can have filled in."""

LONGEST = 8_000
"""The most characters of a template."""

TEMPLATES: Mapping[str, str] = {
    "due_soon": """\
Kits due back on {due}

Dear {contact},

These are due back at {college} on {due}:

{kits}

If you need them for longer, please tell us before then. If something is missing or broken, please
leave a note in the box: we would rather know.

{college}
""",
    "overdue_1": """\
Kits that were due back on {due}

Dear {contact},

These were due back at {college} on {due}:

{kits}

Perhaps they are on their way already. If not, please bring or send them back, or tell us when you
can.

{college}
""",
    "overdue_2": """\
Second reminder: kits that were due back on {due}

Dear {contact},

We wrote to you about these, which were due back at {college} on {due}:

{kits}

Another school may be waiting for them. Please bring or send them back this week, or ring us so that
we can arrange it.

{college}
""",
    "overdue_3": """\
Third reminder: kits that were due back on {due}

Dear {contact},

These are now {days_late} days late. They were due back at {college} on {due}:

{kits}

They were given so that schools across Scotland could share them. Please ring us this week. If any
of them cannot be found, tell us that too: we only need to know.

{college}
""",
    "inspection_due": """\
Inspections due

These have to be inspected:

{kits}

{college}, {today}
""",
    "booked": """\
Your booking for {due}

Dear {contact},

You have booked from {college}:

{kits}

If you no longer need them, please tell us, so that another school can have them.

{college}
""",
    "booked_again": """\
Your booking for {due} can be kept after all

Dear {contact},

We wrote to you that we might not have these in time. We will have them, so your booking from
{college} is as it was:

{kits}

If you no longer need them, please tell us, so that another school can have them.

{college}
""",
    "collect_soon": """\
Ready for you from {due}

Dear {contact},

This is to remind you of your booking from {college}:

{kits}

If you no longer need them, please tell us, so that another school can have them.

{college}
""",
    "at_risk": """\
Your booking for {due}: please ring us

Dear {contact},

We may not have these for you in time, because kits are late or missing:

{kits}

Please ring us before you come. Another day or another kit may do, and we will tell you when these
are here.

{college}
""",
    "lapsed": """\
Your booking for {due} has lapsed

Dear {contact},

These were booked for {school} and were not collected, so that others can have them now:

{kits}

If you still need them, please ask us: they may be free on another day.

{college}
""",
    "receipt": """\
Back with us, with thanks: {due}

Dear {contact},

These came back to {college} on {due}:

{kits}

Thank you. What is not counted yet will be, and we write again if something is missing.

{college}
""",
    "part_missing": """\
Parts missing from what came back on {due}

Dear {contact},

We counted what came back to {college} on {due}, and did not find these, or found them broken:

{kits}

Please look for them where the kits were used, and bring or send them when you can. If they cannot
be found, tell us that too, so that we can replace them before the next school needs them.

{college}
""",
    "evaluation": """\
How did it go?

Dear {contact},

These came back to {college} on {due}:

{kits}

Please tell us in a few lines how it went: whether you used them, with how many learners of which
classes, and what would have helped. The form that came with the kits will do, or an answer to this.
Those who gave them ask what they are used for.

{college}
""",
}
"""The words that kitloan comes with, by notice; those of an overdue loan by stage."""

GAELIC: Mapping[str, str] = {
    "due_soon": """\
Uidheam ri thilleadh: {due}

A {contact}, a charaid,

Tha an t-uidheam seo ri thilleadh gu {college} air {due}:

{kits}

Ma tha feum agaibh air nas fhaide, innsibh dhuinn ron latha sin. Ma tha rud sam bith a dhìth no
briste, fàgaibh nota sa bhogsa.

Le meas,
{college}
""",
    "overdue_1": """\
Uidheam a bha ri thilleadh: {due}

A {contact}, a charaid,

Bha an t-uidheam seo ri thilleadh gu {college} air {due}:

{kits}

'S dòcha gu bheil e air an t-slighe mu thràth. Mura h-eil, tillibh e no innsibh dhuinn cuin as
urrainn dhuibh.

Le meas,
{college}
""",
    "receipt": """\
Air ais againn, le taing: {due}

A {contact}, a charaid,

Thàinig an t-uidheam seo air ais gu {college} air {due}:

{kits}

Mòran taing. Sgrìobhaidh sinn a-rithist ma tha rud sam bith a dhìth.

Le meas,
{college}
""",
}
"""An example in Gaelic. A college should have it read by a speaker before it is sent."""


def check_template(name: str, text: str) -> str:
    """A template as a college wrote it, with plain line ends.

    Args:
        name: which; a key of `TEMPLATES`.
        text: its words.

    Raises:
        BadInput: `unknown_template`; `unknown_field`, naming it; `bad_template`, for one that has
            no subject or no words, is too long, or has a brace alone.
    """
    if name not in TEMPLATES:
        raise BadInput(
            "unknown_template",
            f"There is no template {name[:60]!r}.",
            f"There are: {', '.join(TEMPLATES)}.",
            template=name[:60],
            templates=list(TEMPLATES),
        )
    text = "\n".join(text.removeprefix("\ufeff").splitlines()).strip() + "\n"
    subject, _, words = text.partition("\n")
    if len(text) > LONGEST:
        raise _bad(name, f"is longer than {LONGEST:,} characters")
    if not subject.strip() or not words.strip():
        raise _bad(name, "has no subject in its first line, or no words below it")
    if any(ord(each) < 32 and each not in "\n\t" for each in text):
        raise _bad(name, "has control characters")
    for part in (subject, words):
        _check_fields(name, part)
    return text


def _check_fields(name: str, text: str) -> None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as problem:
        raise _bad(
            name, "has a brace that opens or closes nothing; one that is meant is doubled"
        ) from (problem)
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        if field not in FIELDS or spec or conversion:
            shown = field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise BadInput(
                "unknown_field",
                f"The template {name} has an unknown field: {{{shown[:60]}}}.",
                f"There are: {', '.join('{' + each + '}' for each in FIELDS)}.",
                template=name,
                field=shown[:60],
                fields=list(FIELDS),
            )


def _bad(name: str, what: str) -> BadInput:
    return BadInput(
        "bad_template",
        f"The template {name} {what}.",
        "The first line is the subject, then an empty line, then the words.",
        template=name,
    )


def filled(text: str, values: Mapping[str, str]) -> tuple[str, str]:
    """The subject and the words of a checked template with its fields filled in."""
    subject, _, words = text.partition("\n")
    title, body = (
        "".join(
            before + ("" if field is None else values[field])
            for before, field, _, _ in Formatter().parse(part)
        )
        for part in (subject, words)
    )
    return " ".join(title.split()), body.strip() + "\n"
