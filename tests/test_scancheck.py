"""The scanner check: what is wrong with a scanner, and how to fix it."""

import pytest

from kitloan.text.scans import check_scanner

TAG = "KL8B7XAPXYTMZ"


def keys(text: str, gap: float = 0.004) -> list[tuple[str, float]]:
    """These characters, so many seconds apart."""
    return [(character, number * gap) for number, character in enumerate(text)]


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\r\n"])
def test_a_good_scanner(end: str) -> None:
    """Otherwise a user would change settings that are right."""
    assert all(check.ok for check in check_scanner(keys(TAG + end, 0.02)))


@pytest.mark.parametrize(
    ("text", "gap", "what", "fix"),
    [
        (TAG.translate(str.maketrans("YZ", "ZY")) + "\r", 0.004, "German", "keyboard to German"),
        (TAG.lower() + "\r", 0.004, "small letters", "Caps Lock"),
        (TAG, 0.004, "sends nothing after", "suffix"),
        (TAG + "\r\r", 0.004, "ends a scan twice", "one suffix"),
        (TAG + "\r", 0.120, "Too slow: at most 120 ms", "delay"),
        ("KL8B7XAPXYTM0\r", 0.004, "damaged tag", "US English"),
        ("9780140328721\r", 0.004, "not a tag", "one of kitloan's labels"),
        ("\r", 0.004, "Nothing was scanned", "Scan one of"),
    ],
)
def test_what_is_wrong_and_how_to_fix_it(text: str, gap: float, what: str, fix: str) -> None:
    """Otherwise a scanner set up wrongly would be taken for bad labels."""
    (wrong,) = [check for check in check_scanner(keys(text, gap)) if not check.ok]
    assert what in wrong.what
    assert fix in wrong.fix
