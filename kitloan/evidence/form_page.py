"""The evaluation form as one page of HTML: a teacher fills it in, and it makes the `KLEVAL1` line.

It needs no server, asks for nothing else and keeps nothing. Every question but the first may be
left out: what is not answered is not in the line, and stays unknown.
"""

from html import escape

from kitloan.evidence.evaluations import BAND_KEYS
from kitloan.evidence.leaflets import whole_page
from kitloan.text.scans import FORM

_BAND_NAMES = {
    "early": "up to P1",
    "p2-p4": "P2 to P4",
    "p5-p7": "P5 to P7",
    "s1-s3": "S1 to S3",
    "s4-s6": "S4 to S6",
    "asn": "additional support needs",
    "college": "college",
    "adult": "adults",
    "mixed": "over several of these, not counted apart",
}
_RATINGS = (
    ("enj", "Did the learners enjoy it?", "1 not at all, 5 very much"),
    ("int", "Are they more interested in STEM than before?", "1 not at all, 5 very much"),
)
_SUBJECTS = (("s", "Science"), ("t", "Technology"), ("e", "Engineering"), ("m", "Mathematics"))


def evaluation_page(college: str, *, loan: str = "", mail: str = "") -> str:
    """The form as one HTML file.

    It makes one line, which a college pastes at the desk. It sends nothing by itself.

    Args:
        college: who lent the kit.
        loan: the loan's id, which is then filled in; empty leaves it to the teacher.
        mail: the address that the mail is to; empty leaves it to the teacher.
    """
    bands = "".join(
        f"<p><label for={key}>{escape(_BAND_NAMES[band])}</label>"
        f"<input id={key} class=part type=number min=0 max=10000></p>"
        for key, band in BAND_KEYS.items()
    )
    ratings = "".join(
        f"<p><label for={key}>{escape(question)} ({escape(scale)})</label>"
        + _choice(key, [(str(n), str(n)) for n in range(1, 6)])
        for key, question, scale in _RATINGS
    )
    levels = [("1", "more able"), ("0", "the same"), ("-1", "less able")]
    subjects = "".join(
        f"<p><label for={key}>{escape(name)}</label>{_choice(key, levels)}"
        for key, name in _SUBJECTS
    )
    body = (
        "<main><h1>What the kit was used for</h1>"
        f"<p class=college>{escape(college)}</p>"
        "<p>Two minutes. Leave out what you do not know. This page makes a mail for you to send. "
        "It sends nothing by itself, and keeps nothing. Please name no learner.</p>"
        "<noscript><p>Your browser runs no script here. Write a mail with the loan, the day, how "
        "many learners, and how it went.</p></noscript>"
        f'<form id=ask data-mail="{escape(mail)}" data-mark="{FORM}">'
        "<p><label for=loan>Loan, as on the loan sheet</label>"
        f'<input id=loan required maxlength=60 pattern="[A-Za-z0-9-]+" value="{escape(loan)}"></p>'
        "<p><label for=date>Day on which it was used</label>"
        "<input id=date class=part type=date></p>"
        "<p><label for=used>Was it used?</label>"
        "<select id=used required><option value=y>Yes</option><option value=n>No</option></select>"
        "</p><div id=use><p><label for=sessions>How many sessions</label>"
        "<input id=sessions class=part type=number min=1 max=366></p>"
        "<p><label for=hours>Hours in all, to the half</label>"
        "<input id=hours class=part type=number min=0 max=2000 step=0.5></p>"
        f"<fieldset><legend>How many learners</legend>{bands}</fieldset>"
        "<p><label for=staff>Teachers and other staff</label>"
        f"<input id=staff class=part type=number min=0 max=10000></p>{ratings}"
        "<fieldset><legend>After this, how able are you to teach</legend>"
        f"{subjects}</fieldset>"
        f"<p><label for=again>Would you borrow it again?</label>"
        f"{_choice('again', [('y', 'Yes'), ('n', 'No')])}</div>"
        "<p><button type=submit>Make the mail</button></p>"
        "<p id=problem role=alert></p></form>"
        "<section id=made hidden><h2>Your mail</h2>"
        "<p><label for=text>Send this line as it is: the desk reads it.</label>"
        "<textarea id=text rows=4 readonly></textarea></p>"
        "<p><a id=send href='#'>Open it in your mail program</a></p></section></main>"
    )
    return whole_page("What the kit was used for", body, _SCRIPT)


def _choice(key: str, choices: list[tuple[str, str]]) -> str:
    options = "".join(f"<option value={value}>{words}</option>" for value, words in choices)
    return f"<select id={key} class=part><option value=''>No answer</option>{options}</select></p>"


_SCRIPT = """
'use strict';
const at = (id) => document.getElementById(id);
const form = at('ask');
form.noValidate = true;
const shown = () => { at('use').hidden = at('used').value === 'n'; };
at('used').addEventListener('change', shown);
shown();
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const problem = at('problem');
  problem.textContent = '';
  at('made').hidden = true;
  const used = at('used').value === 'y';
  const asked = [...form.querySelectorAll('.part')].filter((e) => used || e.id === 'date');
  for (const field of [at('loan'), ...asked]) {
    if (!field.checkValidity()) {
      problem.textContent = 'Please correct: ' + field.labels[0].textContent + '.';
      field.focus();
      return;
    }
  }
  const parts = [form.dataset.mark, 'loan=' + at('loan').value.trim(), 'used=' + at('used').value];
  for (const field of asked) {
    if (field.value !== '') {
      parts.push(field.id + '=' + (field.type === 'number' ? Number(field.value) : field.value));
    }
  }
  const line = parts.join(';');
  at('text').value = line;
  at('send').href = 'mailto:' + form.dataset.mail + '?subject=' +
    encodeURIComponent('What the kit was used for') + '&body=' + encodeURIComponent(line);
  at('made').hidden = false;
  at('text').focus();
  at('text').select();
});
"""
