"""Sheets as they come out of a printer."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from kitloan_labels import layout, pdf, stock
from kitloan_labels.template import Subject

Printer = Callable[..., list[Image.Image]]


@pytest.fixture
def print_sheets(tmp_path: Path) -> Printer:
    """Prints labels on a stock and hands over its pages, as scanned at `dpi`."""

    def print_sheets(
        labels: Iterable[Subject],
        on: str | layout.Sheet,
        dpi: int = 200,
        start: int = 1,
        **how: Any,
    ) -> list[Image.Image]:
        path = tmp_path / "labels.pdf"
        sheet = stock.find(on) if isinstance(on, str) else on
        pdf.write_sheets(labels, sheet, path, start, **how)
        with pypdfium2.PdfDocument(path) as document:
            return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]

    return print_sheets
