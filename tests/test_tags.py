"""Tags: what a scanner or a tired eye gets wrong must never become another kit."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from kitloan.errors import BadInput
from kitloan.text.tags import (
    ALPHABET,
    bare,
    check_character,
    grouped,
    is_tag,
    mint,
    one_slip_away,
    parse,
)

BODIES = st.text(ALPHABET, min_size=10, max_size=16)


@given(BODIES)
def test_the_check_is_the_standards(body: str) -> None:
    """A home-made check would be read by no other system and trusted by no auditor."""
    assert check_character(body) == mod_37_2.calc_check_digit(body)


def test_the_published_vector() -> None:
    """The standard's own example, from a blood donation number."""
    assert check_character("G123498654321") == "H"


@pytest.mark.parametrize("_", range(20))
def test_no_slip_goes_undetected(_: int) -> None:
    """One wrong key at the counter must not lend another school's kit."""
    body = mint()[2:]
    wrong = set()
    for i in range(len(body)):
        wrong |= {body[:i] + c + body[i + 1 :] for c in ALPHABET if c != body[i]}
        for j in range(i + 1, len(body)):
            swapped = list(body)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            if (text := "".join(swapped)) != body:
                wrong.add(text)
        if i + 1 < len(body) and body[i] == body[i + 1]:
            wrong |= {body[:i] + c + c + body[i + 2 :] for c in ALPHABET if c != body[i]}
    assert len(wrong) > 340
    assert not [text for text in wrong if is_tag("KL" + text)]


def test_minted_tags_are_tags_and_differ() -> None:
    """A thousand labels printed at once must all scan, and all differ."""
    tags = [mint() for _ in range(1000)]
    assert all(map(is_tag, tags))
    assert len(set(tags)) == 1000


@pytest.mark.parametrize(
    "spelt",
    [
        "{grouped}",
        "{lower}",
        " {tag}\r\n",
        "]Q1{tag}",
        "https://kits.example.scot/k/{tag}",
        "HTTPS://KITS.EXAMPLE.SCOT/K/{tag}/",
    ],
)
def test_a_tag_is_known_however_it_is_typed(spelt: str) -> None:
    """Scanners add identifiers, Caps Lock folds case, people type the hyphens."""
    tag = mint()
    text = spelt.format(tag=tag, grouped=grouped(tag), lower=grouped(tag).lower())
    assert parse(text) == tag


def test_letters_mistaken_for_digits_are_read_as_digits() -> None:
    """O for 0 and I for 1 are the commonest misreadings of a worn label."""
    while not {"0", "1"} <= set(tag := mint()):
        pass
    assert parse(tag[:2] + tag[2:].replace("0", "O").replace("1", "I")) == tag


def test_longer_tags_are_accepted_already() -> None:
    """Labels of a later kitloan must scan at a desk that was not updated."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(15))
    valid = next(body + c for c in ALPHABET if check_character(body + c) in ALPHABET)
    assert is_tag("KL" + valid + check_character(valid))
    assert not is_tag("KL" + valid + "0" + check_character(valid + "0"))


@pytest.mark.parametrize("text", ["", "KL", "AC0001", "KL!", "K" * 10_000, "KL" + "0" * 5000])
def test_what_is_no_tag_is_refused(text: str) -> None:
    """Anything may come out of a scanner."""
    with pytest.raises(BadInput):
        parse(text)


@given(BODIES.filter(lambda body: check_character(body) in ALPHABET), st.data())
def test_a_slip_leads_back_to_the_tag(body: str, data: st.DataObject) -> None:
    """The suggestion is what saves the search."""
    tag = "KL" + body + check_character(body)
    at = data.draw(st.integers(2, len(tag) - 1))
    wrong = data.draw(st.sampled_from([c for c in ALPHABET if c != tag[at]]))
    for slip in (tag[:at] + wrong + tag[at + 1 :], tag[:at] + tag[at + 1 :]):
        assert tag in set(one_slip_away(slip))


@given(st.text(max_size=40))
def test_bringing_to_the_bare_form_twice_changes_nothing(text: str) -> None:
    """A tag that changes each time it is read would never be found."""
    once = bare(text)
    if is_tag(once):
        assert bare(once) == once
