"""What labels of holdings say besides their tag: from the register, and from the user's settings.

Whose gift a holding is stands on its label where the gift's own terms ask for it. Of gifts that
were recorded without such words the user may say what a donor asks for; that, and where a finder
is to bring a kit, is given once and kept with the printers' figures.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.sheets import gathered
from kitloan.errors import BadInput
from kitloan.tags import grouped
from kitloan.text import clean, fold

if TYPE_CHECKING:
    from kitloan.answers import Holding
    from kitloan.library import Kitloan
    from kitloan_labels.adjust import Settings
    from kitloan_labels.template import Label


@dataclass(frozen=True, slots=True)
class Words:
    """The options of `word_options`, as they were given."""

    return_to: str | None
    acknowledge: tuple[str, ...]
    save_words: bool

    def settings(self) -> "Settings":
        """What was given, over what was saved."""
        from kitloan_labels.adjust import load_settings, settings_path

        saved = load_settings(settings_path())
        if self.return_to is not None:
            address = clean(self.return_to, "The address") if self.return_to.strip() else ""
            saved = replace(saved, return_to=address)
        if self.acknowledge:
            given = dict(map(_donor, self.acknowledge))
            saved = replace(saved, acknowledge={**(saved.acknowledge or {}), **given})
        return saved

    @property
    def address(self) -> str:
        """Where a finder is to bring a kit, besides the college; empty when nobody said."""
        return self.settings().return_to

    def keep(self) -> None:
        """Save them for next time, if that was asked for."""
        from kitloan_labels.adjust import save_settings, settings_path

        if self.save_words:
            save_settings(settings_path(), self.settings())


def word_options(function: Callable[..., None]) -> Any:
    """`--return-to`, `--acknowledge` and `--save-words`, given to the command as `words`."""
    options = (
        click.option("--return-to", metavar="TEXT", help="An address or phone for finders."),
        click.option(
            "--acknowledge",
            multiple=True,
            metavar="DONOR[=WORDS]",
            help="Say on a donor's gifts whose they are, where their terms have no words for it.",
        ),
        click.option("--save-words", is_flag=True, help="Keep these words for next time."),
    )
    return gathered(options, Words, "words")(function)


def labels_of(
    opened: "Kitloan", holdings: "Sequence[Holding]", words: Words, template: str
) -> "tuple[list[Label], list[str]]":
    """The labels of holdings, or of their bags, and what a person should know about them."""
    from kitloan_labels.template import Label

    said = words.settings()
    thanks = {fold(donor): text for donor, text in (said.acknowledge or {}).items()}
    kits = [
        Label(
            each.tag,
            each.type,
            opened.college_name,
            each.asset_number,
            return_to=said.return_to,
            thanks=_thanks(each, thanks),
        )
        for each in holdings
    ]
    if template == "kit":
        return kits, []
    bags = [list(_bags(opened, kit)) for kit in kits]
    without = [grouped(kit.tag) for kit, of_kit in zip(kits, bags, strict=True) if not of_kit]
    if len(without) == len(kits):
        raise BadInput(
            "no_bags",
            f"No bags are known of {', '.join(without[:5])}.",
            "Say in which bag each component lies: kitloan types import FILE.",
        )
    notes = [f"{tag}: its contents list names no bags." for tag in without]
    return [bag for of_kit in bags for bag in of_kit], notes


def _bags(opened: "Kitloan", kit: "Label") -> "Iterator[Label]":
    names = list(dict.fromkeys(part.bag for part in opened.desk.contents(kit.tag) if part.bag))
    for number, name in enumerate(names, start=1):
        yield replace(kit, bag=name, which=f"{number} of {len(names)}")


def _thanks(holding: "Holding", thanks: dict[str, str]) -> str:
    """What the gift's terms ask for; else what the user says of the donor's gifts."""
    terms = holding.gift
    return terms.acknowledgement or (thanks.get(fold(terms.donor), "") if terms.donor else "")


def _donor(text: str) -> tuple[str, str]:
    """`RAF` or `RAF=Given by the Royal Air Force`, as a donor and what to say."""
    donor, _, words = text.partition("=")
    donor = clean(donor, "The donor")
    return donor, clean(words, "The acknowledgement") if words.strip() else f"Given by {donor}"
