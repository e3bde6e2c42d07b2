"""Pictures from phones and scanners, damaged on the way: tags, or a refusal, and nothing else."""

import io
from functools import cache
from pathlib import Path

import pytest
import qrcode
from hypothesis import settings
from hypothesis import strategies as st
from PIL import Image

from fuzz.fuzzing import answer_or_refusal, fuzz, runs, spoilt
from kitloan.text.tags import is_tag
from kitloan_labels.photos import read_tags

TAG = "KL8B7XAPXYTMZ"
FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PDF")


@cache
def pictures() -> tuple[bytes, ...]:
    """The same small label in every format that is read."""
    drawn = qrcode.make(TAG, box_size=3).get_image().convert("L")
    made = []
    for name in FORMATS:
        file = io.BytesIO()
        drawn.save(file, name)
        made.append(file.getvalue())
    two = io.BytesIO()
    drawn.save(two, "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))])
    return (*made, two.getvalue())


@runs
@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it then refuses
def test_a_damaged_picture_gives_tags_or_a_refusal(how: settings, tmp_path: Path) -> None:
    """One bad photo among forty must not end the reading of the others."""
    path = tmp_path / "photo"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        for tag in answer_or_refusal(lambda: read_tags(path)) or ():
            assert is_tag(tag)

    examples = pictures()
    fuzz(how, st.one_of(*[spoilt(each) for each in examples]), check)
