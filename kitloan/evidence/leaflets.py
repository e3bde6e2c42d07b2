"""Pages for a teacher, who has no login: a kit type's leaflet, and a page to ask for a kit (pure).

Each is one file of HTML that asks for nothing else: no server, no picture, no font of others. What
a college recorded is drawn as text; what it did not record is called not recorded.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from kitloan.errors import BadInput
from kitloan.planning.requests import MOST_KITS, REQUEST

NOT_RECORDED = "Not recorded."
NO_LIST = "No contents list is recorded for this kit."
NOT_IN_A_BAG = "Not in a bag"
CRITICAL = "The kit is not lent without the parts in bold."

_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LONGEST_MAIL = 120


@dataclass(frozen=True, slots=True)
class LeafletPart:
    """So many of one part; `critical` is one without which the kit is not lent."""

    name: str
    quantity: int
    critical: bool


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag of a kit and the parts in it; an empty name is of parts in none."""

    name: str
    parts: tuple[LeafletPart, ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return self.name or NOT_IN_A_BAG


@dataclass(frozen=True, slots=True)
class Leaflet:
    """What a leaflet has.

    Attributes:
        college: who lends the kit.
        type: the kit type.
        bags: its contents; empty where no list is recorded.
        sections: titles, and what is recorded under each; None where nothing is.
        mail: the address to which a school writes of a missing part; empty for none.
    """

    college: str
    type: str
    bags: tuple[Bag, ...]
    sections: tuple[tuple[str, str | None], ...]
    mail: str = ""

    @property
    def total(self) -> int:
        """How many parts there are in all."""
        return sum(part.quantity for bag in self.bags for part in bag.parts)

    @property
    def missing_part(self) -> str:
        """What to do when a part is missing, in a sentence."""
        if self.mail:
            return f"If a part is missing or broken, write to {self.mail} with the kit's tag."
        return "If a part is missing or broken, tell the college that lent it, with the kit's tag."


def check_mail(text: str | None) -> str:
    """A mail address as it goes into a page or a code; empty for none.

    Raises:
        BadInput: `bad_mail`.
    """
    address = (text or "").strip()
    if address and (not _MAIL.fullmatch(address) or len(address) > _LONGEST_MAIL):
        raise BadInput(
            "bad_mail",
            f"{address[:60]!r} is not a mail address.",
            "Give the desk's own address, as in: --mail stem@college.example",
            value=address[:60],
        )
    return address


def leaflet_page(of: Leaflet) -> str:
    """A leaflet as one HTML file."""
    rows = [_section("What is in it", _contents(of))]
    rows += [_section(title, _words(text)) for title, text in of.sections]
    part = escape(of.missing_part)
    if of.mail:
        subject = quote(f"Part missing: {of.type}", safe="")
        link = f"mailto:{quote(of.mail, safe='@')}?subject={subject}"
        shown = f'<a href="{escape(link)}">{escape(of.mail)}</a>'
        part = part.replace(escape(of.mail), shown, 1)
    rows.append(_section("A part is missing", f"<p>{part}</p>"))
    head = f"<h1>{escape(of.type)}</h1><p class=college>Lent by {escape(of.college)}</p>"
    return whole_page(of.type, f"<main>{head}{''.join(rows)}</main>", "")


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _words(text: str | None) -> str:
    if text is None:
        return f"<p class=none>{NOT_RECORDED}</p>"
    return f"<p>{escape(text)}</p>"


def _contents(of: Leaflet) -> str:
    if not of.bags:
        return f"<p class=none>{NO_LIST}</p>"
    made = []
    for bag in of.bags:
        rows = "".join(
            f"<tr><td class=number>{part.quantity:,}</td>"
            f"<th scope=row{' class=critical' if part.critical else ''}>{escape(part.name)}</th>"
            "<td class=box></td><td class=box></td></tr>"
            for part in bag.parts
        )
        made.append(
            f"<table><caption>{escape(bag.title)}</caption><thead><tr><th scope=col>Count</th>"
            "<th scope=col>Part</th><th scope=col>Came</th><th scope=col>Went back</th></tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )
    critical = any(part.critical for bag in of.bags for part in bag.parts)
    foot = f"{of.total:,} parts in all. {CRITICAL if critical else ''}".strip()
    return f"{''.join(made)}<p>{foot}</p>"


def request_page(college: str, types: Sequence[str], mail: str = "") -> str:
    """A page on which a teacher asks for a kit, as one HTML file.

    It composes a mail, whose last line a college pastes at the desk. It sends nothing by itself.

    Args:
        college: who lends.
        types: the kit types to choose from.
        mail: the address that the mail is to; empty leaves it to the teacher.
    """
    options = "".join(f"<option>{escape(each)}</option>" for each in types)
    body = (
        f"<main><h1>Ask for a STEM kit</h1><p class=college>{escape(college)}</p>"
        "<p>This page makes a mail for you to send. It sends nothing by itself, and keeps nothing."
        "</p><noscript><p>Your browser runs no script here. Write a mail with the school, the kit, "
        "how many, and the days on which you would collect it and bring it back.</p></noscript>"
        f'<form id=ask data-mail="{escape(mail)}" data-mark="{REQUEST}">'
        "<p><label for=school>School</label>"
        "<input id=school required maxlength=120 autocomplete=organization></p>"
        "<p><label for=kit>Kit</label>"
        f"<select id=kit required><option value=''>Choose one</option>{options}</select></p>"
        "<p><label for=many>How many</label>"
        f"<input id=many type=number required min=1 max={MOST_KITS} value=1></p>"
        "<p><label for=from>Collect on</label><input id=from type=date required></p>"
        "<p><label for=to>Bring back on</label><input id=to type=date required></p>"
        "<p><button type=submit>Make the mail</button></p>"
        "<p id=problem role=alert></p></form>"
        "<section id=made hidden><h2>Your mail</h2>"
        "<p><label for=text>Send this. Leave the last line as it is: the desk reads it.</label>"
        "<textarea id=text rows=9 readonly></textarea></p>"
        "<p><a id=send href='#'>Open it in your mail program</a></p></section></main>"
    )
    return whole_page("Ask for a STEM kit", body, _SCRIPT)


_SCRIPT = """
'use strict';
const at = (id) => document.getElementById(id);
const form = at('ask');
form.noValidate = true;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const problem = at('problem');
  problem.textContent = '';
  at('made').hidden = true;
  const names = {school: 'the school', kit: 'the kit', many: 'how many', from: 'the day on which ' +
    'you collect it', to: 'the day on which you bring it back'};
  for (const id of Object.keys(names)) {
    if (!at(id).checkValidity() || !at(id).value.trim()) {
      problem.textContent = 'Please give ' + names[id] + '.';
      at(id).focus();
      return;
    }
  }
  const [school, kit, many, from, to] = Object.keys(names).map((id) => at(id).value.trim());
  if (to < from) {
    problem.textContent = 'The day on which you bring it back is before you collect it.';
    at('to').focus();
    return;
  }
  const line = form.dataset.mark + ';type=' + encodeURIComponent(kit) + ';n=' + Number(many) +
    ';from=' + from + ';to=' + to + ';school=' + encodeURIComponent(school);
  const subject = 'Kit request: ' + kit + ', ' + school;
  const text = 'We would like to borrow ' + Number(many) + ' x ' + kit + ',\\nfrom ' + from +
    ' to ' + to + '.\\nSchool: ' + school + '\\n\\n' + line + '\\n';
  at('text').value = text;
  at('send').href = 'mailto:' + form.dataset.mail + '?subject=' + encodeURIComponent(subject) +
    '&body=' + encodeURIComponent(text.replace(/\\n/g, '\\r\\n'));
  at('made').hidden = false;
  at('text').focus();
  at('text').select();
});
"""

_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;color:#1a1a1a;background:#fff;font:16px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Liberation Sans",Arial,sans-serif}
main{max-width:44rem;margin:0 auto;padding:1.5rem 1rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:0}
h2{font-size:1.2rem;margin:1.6rem 0 .4rem;border-bottom:2px solid #1a1a1a;padding-bottom:.15rem}
p{margin:.4rem 0}
.college{color:#444;margin-bottom:1rem}
.none{color:#595959;font-style:italic}
table{width:100%;border-collapse:collapse;margin:.8rem 0 1rem}
caption{text-align:left;font-weight:700;padding:.2rem 0}
td,th{border:1px solid #8a8a8a;padding:.3rem .5rem;text-align:left;font-weight:400;
vertical-align:top}
thead th{background:#eee;font-size:.85rem}
thead th:first-child,.number{width:4.2rem;text-align:right;font-variant-numeric:tabular-nums}
thead th:nth-child(n+3),.box{width:5.6rem}
.critical{font-weight:700}
label{display:block;font-weight:600}
input,select,textarea,button{font:inherit;width:100%;padding:.5rem;border:1px solid #5a5a5a;
border-radius:4px;background:#fff;color:inherit}
textarea{font-family:ui-monospace,"Liberation Mono",monospace;font-size:.9rem}
button{background:#0b4f8a;color:#fff;border-color:#0b4f8a;font-weight:600;cursor:pointer}
a{color:#0b4f8a}
:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
#problem{color:#a3140f;font-weight:600}
@page{size:A4;margin:16mm}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}section,tr{break-inside:avoid}
section:first-of-type{break-inside:auto}thead{display:table-header-group}}
"""


def whole_page(title: str, body: str, script: str) -> str:
    """A page of HTML in one file, which asks for nothing else and runs no script but its own."""
    scripts = "'none'"
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        scripts = f"'sha256-{digest}'"
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}"
        + (f"<script>{script}</script>" if script else "")
        + "</body></html>\n"
    )
