"""The scanner check: what is wrong with a scanner, and how to correct it."""

import pytest

from kitloan.text.scanner_check import check_scanner

TAG = "KL8B7XAPXYTMZ"


def keys(text: str, gap: float = 0.004) -> list[tuple[str, float]]:
    """These characters, so many seconds apart."""
    return [(character, number * gap) for number, character in enumerate(text)]


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\r\n"])
def test_a_good_scanner(end: str) -> None:
    """Else somebody would set up a scanner that works."""
    assert all(finding.ok for finding in check_scanner(keys(TAG + end, 0.02)))


@pytest.mark.parametrize(
    ("text", "gap", "what", "correction"),
    [
        (TAG.translate(str.maketrans("YZ", "ZY")) + "\r", 0.004, "German", "keyboard to German"),
        (TAG.lower() + "\r", 0.004, "small letters", "Caps Lock"),
        (TAG, 0.004, "sends nothing after", "suffix"),
        (TAG + "\r\r", 0.004, "ends a scan twice", "one suffix"),
        (TAG + "\r", 0.120, "Too slow: at most 120 ms", "delay"),
        ("KL8B7XAPXYTM0\r", 0.004, "damaged tag", "US English"),
        ("9780140328721\r", 0.004, "a product's barcode", "one of kitloan's labels"),
        ("WIFI:S:Guest;;\r", 0.004, "a Wi-Fi code", "one of kitloan's labels"),
        ("AC-0001\r", 0.004, "other text: 'AC-0001'", "one of kitloan's labels"),
        (TAG + TAG + "\r", 0.004, "2 codes arrived as one", "suffix to Enter"),
        ("\r", 0.004, "Nothing was scanned", "Scan a label"),
    ],
)
def test_what_is_wrong_and_how_to_correct_it(
    text: str, gap: float, what: str, correction: str
) -> None:
    """Else a scanner set up wrongly would be taken for bad labels."""
    (wrong,) = [finding for finding in check_scanner(keys(text, gap)) if not finding.ok]
    assert what in wrong.what
    assert correction in wrong.fix


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"*{TAG}*\r", "'*' before it and '*' after it"),
        (f"s{TAG}\r", "'S' before it"),
        (f"{TAG}_QR\r", "'_QR' after it"),
        (f"\x02{TAG}\x03\r", "STX and ETX around it"),
        (f"{TAG}\r", "KL 8B7X-APXY-TMZ"),
        ("KLUDONE\r", "the card 'done'"),
    ],
)
def test_what_was_seen_is_named(text: str, named: str) -> None:
    """Else nobody would know whether the label or the scanner is at fault."""
    found = check_scanner(keys(text))
    assert all(finding.ok for finding in found)
    assert any(named in finding.what for finding in found)
