"""Lists of schools as they are published, made up: the shapes are real, no school is."""

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

CONTACTS = (
    *("Seed Code", "LA Name", "School Name", "Address Line1", "Address Line2", "Post Code"),
    *("Email", "Phone Number", "Website Address", "Primary Department", "Secondary Department"),
    *("Special Department", "Denomination", "Unique Property Reference Number (UPRN)"),
)


_MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3"/>'
)


def contacts(path: Path, *rows: Sequence[Any], sheet: str = "Open Schools") -> Path:
    """School contact details: headings on row 6. A row: seed, council, name, postcode, P, S, SP."""
    book = openpyxl.Workbook()
    front = book.active
    front.title = "Contents"
    front.append(["School contact details"])
    page = book.create_sheet(sheet)
    for line in ("School contact details", "As at 31 January 2026", "", "Notes", ""):
        page.append([line])
    page.append(CONTACTS)
    for seed, council, name, postcode, *departments in rows:
        ticks = ["Yes" if each else None for each in departments]
        page.append(
            [seed, council, name, "1 Road", None, postcode, None, None, None, *ticks, None, None]
        )
    book.save(path)
    return path


def of_2018(path: Path, *rows: Sequence[Any]) -> Path:
    """The same of 2018: two lines of headings, `.` for none. A row: seed, council, name, marks,
    rolls, share of pupils from the poorest zones."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Open at 30 September 2018"
    page.append(["Schools open"])
    page.append([])
    upper = [None, None, None, None, None, "School type", None, None]
    page.append([*upper, "Pupil rolls (2017 census)", None, None, None, None, None])
    page.append(
        [
            *("SeedCode", "LA Name", "Centre Type", "School Name", "Post code"),
            *("Primary", "Secondary", "Special", "Primary", "Secondary", "Special"),
            *("8-fold Urban rural measure", "Denomination"),
            "Proportion of pupils who live in 20% most deprived datazones in Scotland",
        ]
    )
    for seed, council, name, marks, rolls, share in rows:
        page.append([seed, council, "School", name, "ZE9 9AA", *marks, *rolls, 8, ".", share])
    book.save(path)
    return path


def shapefile(path: Path, *rows: Sequence[Any]) -> Path:
    """The table of the shapefile, names cut at ten characters, `0` for none. A row: seed, SchUID,
    council, name, type, roll."""
    head = (
        *("SeedCode", "SchUID", "LAName", "SchoolName", "SchoolType", "AddressLin", "AddressL_1"),
        *("PostCode", "Email", "PhoneNumbe", "WebsiteAdd", "Pupil_Roll", "FTE_Teache"),
        *("Denominati", "GridRefEas", "GridRefNor", "Latitude", "Longitude"),
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for seed, schuid, council, name, kind, roll in rows:
            more = ("1 Road", 0, "ZE9 9AA", 0, 0, 0, roll, 12.5, 0, 250000, 660000, 55.8, -4.25)
            writer.writerow([seed, schuid, council, name, kind, *more])
    return path


def statistics(path: Path, *rows: Sequence[Any]) -> Path:
    """Summary statistics, sheet SCH. A row: seed, council's code, type, roll, simd1, simd2."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "SCH"
    page.append(["School level summary statistics"])
    page.append(["year", "seed code", "la code", "school type", "roll", "FTE", "simd1", "simd2"])
    for seed, code, kind, roll, first, second in rows:
        page.append([2025, seed, code, kind, roll, "*", first, second])
    book.save(path)
    return path


def as_ods(path: Path, name: str, *rows: Sequence[str]) -> Path:
    """A spreadsheet of OpenDocument, as small as one can be."""
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = "".join(
        f' xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"'
        for each in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="{name}">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", content)
    return path
