"""What was written off without its donor, against what each ledger says of whose it is."""

from dataclasses import replace
from itertools import pairwise

from audit.scotland import Scotland, codes
from conftest import SetClock, write_off
from kitloan import College, Gift
from kitloan.holdings import Holdings
from kitloan.national.gifts import GiftTermsAgreed

LENT = Gift(donor="RAF", title="on_loan_from_donor")


def said(scotland: Scotland) -> set[tuple[str, str]]:
    """Each finding that somebody wrote off what was not theirs: where, and of whom."""
    return {
        (each.college, each.message.split("agreement of ")[1].split(" is on")[0])
        for each in scotland.audit().findings
        if each.code == "withdrawn_without_donor"
    }


def throw_away(college: College, tag: str) -> None:
    """Two people write a kit off, and ask no donor."""
    college.holdings.propose_withdrawal(tag, "surplus")
    Holdings(replace(college.session, actor="j.kerr")).withdraw(tag)


def passed_on(scotland: Scotland, tag: str, *colleges: str) -> None:
    """A kit goes from one college to the next, none of which has heard of its terms."""
    for giver, taker in pairwise(colleges):
        scotland[giver].transfers.send(tag, taker)
        scotland[taker].transfers.receive(tag, giver, type="STEM kit")
        scotland.clock.move(days=1)


def test_a_kit_that_was_passed_on_is_still_its_donors(scotland: Scotland, clock: SetClock) -> None:
    """A donor's kit could be thrown away by sending it to a college that was never told."""
    lent, owned, signed, again = scotland.kits("fife", 4)
    for tag in (lent, signed, again):
        scotland["fife"].holdings.record_gift(tag, LENT)
    scotland["fife"].holdings.record_gift(owned, Gift(donor="IET", title="owned"))
    for tag in (lent, owned, signed):
        passed_on(scotland, tag, "fife", "borders", "ayrshire")
    for tag in (lent, owned):
        throw_away(scotland["ayrshire"], tag)
    write_off(scotland["ayrshire"], signed, "surplus")
    assert said(scotland) == {("ayrshire", "RAF")}
    # There and back; and then the donor gave it to the college, which says so itself.
    passed_on(scotland, again, "fife", "borders", "fife")
    scotland["fife"].holdings.record_gift(again, Gift(donor="RAF", title="owned"))
    throw_away(scotland["fife"], again)
    assert said(scotland) == {("ayrshire", "RAF")}


def test_what_esp_agreed_with_a_donor_is_asked_for(scotland: Scotland, clock: SetClock) -> None:
    """A college that never took ESP's file would not know that the donor must agree, nor ESP."""
    esp = scotland.esp
    for gift, terms in {
        "must": GiftTermsAgreed("RAF", "STEM kit", 5, title="owned", donor_must_agree=True),
        "lent": GiftTermsAgreed("IET", "STEM kit", 5, title="on_loan_from_donor"),
        "free": GiftTermsAgreed("BP", "STEM kit", 5, title="owned"),
    }.items():
        esp.national.agree_gift(gift, terms)
        (tag,) = scotland.kits("fife", 1, gift=gift, title="owned")
        (moved,) = scotland.kits("fife", 1, gift=gift)
        passed_on(scotland, moved, "fife", "borders")
        throw_away(scotland["fife"], tag)
        throw_away(scotland["borders"], moved)
    assert said(scotland) == {(each, who) for each in ("fife", "borders") for who in ("RAF", "IET")}
    assert len(codes(scotland.esp.audit.audit(), "gift_no_allocation")) == 4
