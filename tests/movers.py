"""What a crowd's processes do with one kit that two colleges want; a module, to be started anew."""

import kitloan
from crowd import Ready, school
from kitloan import Refused


def send_or_lend(number: int, ready: Ready, place: str, tag: str) -> str:
    """Even desks send the kit away, odd ones lend it; gives `sent`, `lent` or the refusal."""
    with kitloan.open(place, actor=f"desk {number}", college="fife") as desk:
        ready()
        try:
            if number % 2:
                desk.loans.check_out([tag], school(number))
                return "lent"
            desk.transfers.send(tag, "ayrshire")
            return "sent"
        except Refused as refusal:
            return refusal.code


def receive(number: int, ready: Ready, place: str, tag: str) -> str:
    """Receive the kit at the other college; gives `received` or the refusal."""
    with kitloan.open(place, actor=f"desk {number}", college="ayrshire") as desk:
        ready()
        try:
            desk.transfers.receive(tag, "fife", type="STEM kit")
            return "received"
        except Refused as refusal:
            return refusal.code
