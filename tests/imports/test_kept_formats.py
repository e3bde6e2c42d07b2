"""ODS and XLS, which LibreOffice and old Offices save: read as XLSX is, what they hide named."""

import zipfile
from pathlib import Path

import pytest

from kitloan.errors import BadInput
from kitloan.imports.cells import load
from kitloan.imports.reader import read

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest '
    f'xmlns:manifest="{OFFICE}:manifest:1.0" manifest:version="1.3"/>'
)
KITS = Path(__file__).parent / "kits.xls"


def cell(text: str, value: str | None = None, more: str = "") -> str:
    """A cell of text, or of a number that is shown as this text."""
    kind = (
        f'office:value-type="float" office:value="{value}"'
        if value
        else ('office:value-type="string"')
    )
    return f"<table:table-cell {kind} {more}><text:p>{text}</text:p></table:table-cell>"


def ods(folder: Path, rows: str, name: str = "Kits") -> Path:
    """A file as LibreOffice saves it, with these rows."""
    spaces = " ".join(f'xmlns:{each}="{OFFICE}:{each}:1.0"' for each in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'office:version="1.3"><office:body><office:spreadsheet>'
        f'<table:table table:name="{name}">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = folder / "kits.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    return path


def row(*cells: str, more: str = "") -> str:
    """A row of these cells."""
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def test_an_ods_with_what_it_hides(tmp_path: Path) -> None:
    """What LibreOffice saves must not need another program first, nor lose what it hides."""
    noted = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>with Kyle Academy'
        "</text:p></office:annotation><text:p>Camera</text:p></table:table-cell>"
    )
    path = ods(
        tmp_path,
        row(cell("Kit no"), cell("Item"), cell("Qty"))
        + row(cell("0012", "12"), noted, cell("3", "3"))
        + row(
            cell("0013", "13"), cell("Tripod"), cell("1", "1"), more='table:visibility="collapse"'
        ),
    )
    register = read(path)
    assert [(r.asset_number, r.type, r.quantity) for r in register.rows] == [
        ("0012", "Camera", 3),
        ("0013", "Tripod", 1),
    ]
    (question,) = register.questions
    assert question.proposed == "on_loan_to"
    assert any("hidden" in problem.problem for problem in register.problems)


def test_an_xls_of_an_old_office() -> None:
    """A register that nobody has saved anew since 2003 is a register."""
    register = read(KITS)
    assert [(r.asset_number, r.type, r.on_loan_to, str(r.due_on)) for r in register.rows] == [
        ("K1", "Microscope kit", "Alva Academy", "2026-12-11"),
        ("K2", "Robot arm", None, "None"),
    ]


def test_an_ods_that_names_more_cells_than_there_are(tmp_path: Path) -> None:
    """No number in anybody's file may make our work unbounded."""
    far = f'<table:table-cell table:number-columns-repeated="16000"/>{cell("x")}'
    path = ods(
        tmp_path,
        row(cell("Item"), cell("Qty"))
        + '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/>'
        "</table:table-row>" + row(far),
    )
    with pytest.raises(BadInput) as refused:
        load(path)
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize("content", ["<office", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"])
def test_a_damaged_ods(tmp_path: Path, content: str) -> None:
    """Half a file is told as such, not as a register without rows."""
    path = tmp_path / "kits.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    with pytest.raises(BadInput) as refused:
        load(path)
    assert refused.value.code == "damaged_spreadsheet"
