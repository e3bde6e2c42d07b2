"""A label in ZPL, the language of Zebra's printers and of many that imitate them.

The whole label goes as one picture (`^GFA`), not as text and a code of the printer's own making.
The printer's `^BQ` chooses mask and version by itself, so that its code would not be the one that
was laid out and tested; and its built-in fonts lack `ŵ` and half of Gaelic's neighbours. Nothing
that a person typed stands in the commands, so nothing typed can be taken for one.

Rows are hexadecimal, packed as every ZPL printer unpacks them: `,` is white to the end of a row,
and `:` is the row above once more. Most rows of a code are the row above.
"""

from collections.abc import Iterator

from PIL import Image

from kitloan_labels.roll import Roll

_INK = bytes(byte ^ 0xFF for byte in range(256))
"""White is 1 to Pillow, and ink to a printer."""


def label(picture: Image.Image, roll: Roll) -> str:
    """The commands that print one label."""
    fed = picture.transpose(Image.Transpose.ROTATE_90) if roll.turned else picture
    return f"^XA^PW{fed.width}^LL{fed.height}^LH0,0^FO0,0{graphic(fed)}^FS^PQ1^XZ\n"


def graphic(picture: Image.Image) -> str:
    """A picture in one bit as a `^GFA` command."""
    across = (picture.width + 7) // 8
    padded = Image.new("1", (across * 8, picture.height), 1)
    padded.paste(picture, (0, 0))
    total = across * picture.height
    return f"^GFA,{total},{total},{across}," + "".join(
        _rows(padded.tobytes().translate(_INK), across)
    )


def _rows(ink: bytes, across: int) -> Iterator[str]:
    above = None
    for start in range(0, len(ink), across):
        row = ink[start : start + across].hex().upper()
        shortened = row.rstrip("0")
        yield ":" if row == above else shortened + "," if shortened != row else row
        above = row
