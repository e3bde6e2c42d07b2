"""The scanner check: what is wrong with a scanner, and how to mend it."""

import pytest

from kitloan.text.scans import findings

TAG = "KL8B7XAPXYTMZ"


def keys(text: str, gap: float = 0.004) -> list[tuple[str, float]]:
    """These characters, so many seconds apart."""
    return [(character, number * gap) for number, character in enumerate(text)]


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\r\n"])
def test_a_good_scanner(end: str) -> None:
    """Else somebody would mend what is not broken."""
    assert all(finding.ok for finding in findings(keys(TAG + end, 0.02)))


@pytest.mark.parametrize(
    ("text", "gap", "what", "mend"),
    [
        (TAG.translate(str.maketrans("YZ", "ZY")) + "\r", 0.004, "German", "keyboard to German"),
        (TAG.lower() + "\r", 0.004, "small letters", "Caps Lock"),
        (TAG, 0.004, "Nothing ends", "suffix"),
        (TAG + "\r\r", 0.004, "ended twice", "one suffix"),
        (TAG + "\r", 0.120, "Slow: 120 ms", "delay"),
        ("KL8B7XAPXYTM0\r", 0.004, "damaged tag", "US English"),
        ("9780140328721\r", 0.004, "no tag", "one of kitloan's labels"),
        ("\r", 0.004, "Nothing was scanned", "Scan a label"),
    ],
)
def test_what_is_wrong_and_how_to_mend_it(text: str, gap: float, what: str, mend: str) -> None:
    """Else a scanner set up wrongly would be taken for bad labels."""
    (wrong,) = [finding for finding in findings(keys(text, gap)) if not finding.ok]
    assert what in wrong.what
    assert mend in wrong.correction
