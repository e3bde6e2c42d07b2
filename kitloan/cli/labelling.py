"""`kitloan labels` and `kitloan read`. The label package is loaded when one of them is used."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.answers import plural
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, print_json, print_text
from kitloan.errors import BadInput
from kitloan.files import whole_file
from kitloan.session import check_quantity
from kitloan.tags import grouped, mint

if TYPE_CHECKING:
    from kitloan.library import Kitloan
    from kitloan_labels.pdf import Label, Placed

MOST_BLANK = 100_000


@command("labels", "kitloan labels --unlabelled --stock l7160 --out labels.pdf")
@click.argument("tags", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Of every holding.")
@click.option("--unlabelled", is_flag=True, help="Of every holding that has had none printed.")
@click.option("--blank", type=int, metavar="N", help="N new tags, to be claimed later.")
@click.option("--stock", required=True, help="The sheet, by any of its maker's numbers: l7160.")
@click.option("--start", type=int, default=1, help="The first free label of a part-used sheet.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.pdf",
    help="The file to write; an older one is replaced.",
)
@pass_app
def labels(
    app: App,
    tags: tuple[str, ...],
    every: bool,
    unlabelled: bool,
    blank: int | None,
    stock: str,
    start: int,
    out: Path,
) -> None:
    """Print label sheets as PDF. Print the file at 100 %, never "fit to page".

    Each label has the tag as a QR code and in words, the kit type and the college's name.
    """
    from kitloan_labels.pdf import write_sheets
    from kitloan_labels.stock import find as find_stock

    if sum([bool(tags), every, unlabelled, blank is not None]) != 1:
        raise BadInput(
            "which_labels",
            "Say which labels: TAGs, --all, --unlabelled or --blank N; one of them.",
            "For example: kitloan labels --unlabelled --stock l7160 --out labels.pdf",
        )
    sheet = find_stock(stock)
    with app.open() as opened:
        wanted = _wanted(opened, tags, every, unlabelled, blank)
        total = len(wanted)
        progress = Progress("Drawing labels")

        def draw(path: Path) -> "list[Placed]":
            return write_sheets(wanted, sheet, path, start, lambda done: progress(done, total))

        minted = [label.tag for label in wanted]
        if blank is None:
            placed = draw(out)
            opened.holdings.labels_printed(minted, blank=False)
        else:
            # On record before on paper: a label that nobody knows of could never be claimed.
            with whole_file(_not_a_folder(out)) as beside:
                placed = draw(beside)
                opened.holdings.labels_printed(minted, blank=True)
    pages = placed[-1].page
    if app.json:
        print_json(
            {
                "file": str(out),
                "pages": pages,
                "labels": [
                    {"tag": p.tag, "page": p.page, "x_mm": p.x_mm, "y_mm": p.y_mm} for p in placed
                ],
            }
        )
        return
    print_text(f"{plural(len(placed), 'label')} on {plural(pages, 'sheet')} in {out}.")
    for each in placed:
        if each.missing:
            print_text(f"  {grouped(each.tag)}: the font has no {each.missing!r}; shown as '?'.")


def _not_a_folder(out: Path) -> Path:
    if out.is_dir():
        raise BadInput("cannot_write", f"{out} is a folder.", "Name a file in it.", file=str(out))
    return out


def _wanted(
    opened: "Kitloan", tags: Sequence[str], every: bool, unlabelled: bool, blank: int | None
) -> "list[Label]":
    from kitloan_labels.pdf import Label

    name = opened.college_name
    if blank is not None:
        count = check_quantity(blank, "The number of labels")
        if count > MOST_BLANK:
            raise BadInput("bad_quantity", f"At most {MOST_BLANK:,} labels at once.")
        return [Label(mint(), "", name) for _ in range(count)]
    if every or unlabelled:
        tags = opened.holdings.tags() if every else opened.holdings.unlabelled()
    if not tags:
        raise BadInput(
            "nothing_to_print",
            "Every holding has its label." if unlabelled else "There is no holding to label.",
            "Say --all to print them again, or name the TAGs.",
        )
    found = [opened.find.holding(tag) for tag in dict.fromkeys(tags)]
    return [Label(each.tag, each.type, name, each.asset_number) for each in found]


@command("read", "kitloan read photo.jpg")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_app
def read(app: App, photos: tuple[Path, ...]) -> None:
    """Find the tags in pictures: photographs, scans, a page as PNG."""
    from kitloan_labels.read import read_tags

    files = [{"file": str(photo), "tags": read_tags(photo)} for photo in photos]
    if app.json:
        print_json({"files": files})
        return
    for photo, each in zip(photos, files, strict=True):
        print_text(f"{photo}: " + (", ".join(map(grouped, each["tags"])) or "no tag found"))
