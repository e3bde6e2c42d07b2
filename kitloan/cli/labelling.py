"""`kitloan labels` and `kitloan read`. The label package is loaded when one of them is used."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, print_json, print_text
from kitloan.cli.sheets import Asked, Where, fill, sheet_options, tell, to_file
from kitloan.cli.wording import Words, labels_of, word_options
from kitloan.errors import BadInput
from kitloan.files import whole_file
from kitloan.session import check_quantity
from kitloan.tags import grouped, mint, parse

if TYPE_CHECKING:
    from kitloan.answers import Holding
    from kitloan.library import Kitloan
    from kitloan_labels.template import Label

MOST_BLANK = 100_000


@command("labels", "kitloan labels --unlabelled --stock l7160 --out labels.pdf")
@click.argument("tags", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Of every holding.")
@click.option("--unlabelled", is_flag=True, help="Of every holding that has had none printed.")
@click.option("--blank", type=int, metavar="N", help="N new tags, to be claimed later.")
@click.option(
    "--template",
    type=click.Choice(["kit", "bag"]),
    default="kit",
    help="A label for each kit, or one for each bag of its contents list.",
)
@click.option("--calibrate", is_flag=True, help="A page with rulers and the labels' outlines.")
@word_options
@sheet_options()
@to_file
@pass_app
def labels(
    app: App,
    tags: tuple[str, ...],
    every: bool,
    unlabelled: bool,
    blank: int | None,
    template: str,
    calibrate: bool,
    words: Words,
    asked: Asked,
    where: Where,
) -> None:
    """Print label sheets as PDF. Print the file at 100 %, never "fit to page".

    Each label has the tag as a QR code and in words, the kit type and the college's name. Other
    things that want a label have theirs in `kitloan cards`.
    """
    if sum([bool(tags), every, unlabelled, blank is not None, calibrate]) != 1:
        raise BadInput(
            "which_labels",
            "Say which labels: TAGs, --all, --unlabelled, --blank N or --calibrate; one of them.",
            "For example: kitloan labels --unlabelled --stock l7160 --out labels.pdf",
        )
    if calibrate:
        _calibrate(app, asked, where)
        return
    if blank is not None and (where.out is None or template != "kit"):
        raise BadInput(
            "which_labels",
            "Labels to be claimed later are minted for paper, and are of kits.",
            "Give --out FILE.pdf; to look first, preview any kit's label.",
        )
    asked.check()  # a slip here is told before the store is opened
    with app.open() as opened:
        notes: list[str] = []
        if blank is not None:
            wanted = _minted(opened, blank, words)
        else:
            holdings = _wanted(opened, tags, every, unlabelled)
            wanted, notes = labels_of(opened, holdings, words, template)
        recorded = [label.tag for label in wanted] if template == "kit" else []

        batch: str | None = None

        def record() -> None:
            nonlocal batch
            if recorded:
                batch = opened.holdings.labels_printed(
                    recorded, blank=blank is not None, stock=asked.stock_id
                )

        # On record before on paper: a label that nobody knows of could never be claimed.
        before_paper = blank is not None
        placed, more = fill(wanted, template, asked, where, record, before_paper=before_paper)
    words.keep()
    tell(app, "label", placed, where, [*notes, *more], placed[-1].page, batch)


def _calibrate(app: App, asked: Asked, where: Where) -> None:
    from kitloan_labels import edges
    from kitloan_labels.calibrate import write_calibration

    sheet, notes = asked.sheet()
    adjust = asked.adjustment(sheet)
    notes += edges.notes(sheet, adjust)
    with where.file() as out, whole_file(out) as beside:
        write_calibration(sheet, beside, adjust)
        where.show(beside)
    asked.keep(sheet, adjust)
    tell(app, "calibration page", [], where, notes, 1)


def _wanted(
    opened: "Kitloan", tags: Sequence[str], every: bool, unlabelled: bool
) -> "list[Holding]":
    """The holdings to label, each once."""
    if every or unlabelled:
        tags = opened.holdings.tags() if every else opened.holdings.unlabelled()
    if not tags:
        raise BadInput(
            "nothing_to_print",
            "Every holding has its label." if unlabelled else "There is no holding to label.",
            "Say --all to print them again, or name the TAGs.",
        )
    return [opened.find.holding(tag) for tag in dict.fromkeys(tags)]


def _minted(opened: "Kitloan", blank: int, words: Words) -> "list[Label]":
    from kitloan_labels.template import Label

    count = check_quantity(blank, "The number of labels")
    if count > MOST_BLANK:
        raise BadInput("bad_quantity", f"At most {MOST_BLANK:,} labels at once.")
    name, address = opened.college_name, words.address
    return [Label(mint(), "", name, return_to=address) for _ in range(count)]


@command("relabel", "kitloan relabel AC0001 KL8B7XAPXYTMZ")
@click.argument("tag")
@click.argument("new")
@pass_app
def relabel(app: App, tag: str, new: str) -> None:
    """Give a holding a second tag, off a label that nothing has claimed.

    For a spoilt label where no printer is at hand: stick a blank one over it. The holding answers
    to both tags from then on. To print the same tag again: kitloan labels TAG.
    """
    with app.open() as opened:
        opened.holdings.claim_label(tag, new)
        held = opened.find.holding(tag)
    second = parse(new)
    if app.json:
        print_json({"tag": held.tag, "label": second})
    else:
        print_text(f"{grouped(held.tag)} ({held.type}) answers to {grouped(second)} too.")


@command("read", "kitloan read photo.jpg")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_app
def read(app: App, photos: tuple[Path, ...]) -> None:
    """Find the tags in pictures: photographs, screenshots, scans, PDFs of several pages."""
    from kitloan_labels.read import read_tags

    files: list[dict[str, Any]] = []
    refused: list[BadInput] = []
    for photo in photos:
        try:
            tags = read_tags(photo, Progress(f"Reading {photo.name}, page"))
        except BadInput as problem:  # one that is no picture does not keep the others out
            refused.append(problem)
            error = {"code": problem.code, "message": problem.message}
            files.append({"file": str(photo), "error": error})
        else:
            files.append({"file": str(photo), "tags": tags})
            if not app.json:
                print_text(f"{photo}: " + (", ".join(map(grouped, tags)) or "no tag found"))
    if refused:
        (first, *_) = refused
        first.details["files"] = files
        raise first
    if app.json:
        print_json({"files": files})
