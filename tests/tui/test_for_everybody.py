"""The desk for everybody: what can be read, in every theme, at every size, and who has the keys."""

from pathlib import Path

import pytest
from rich.segment import Segment
from textual import events
from textual.color import Color

from kitloan.cli.labels import LabelPress
from kitloan_tui.actions import ACTIONS
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.start import FirstRun, Trouble
from kitloan_tui.settings import DeskSettings
from kitloan_tui.theme import THEMES
from tui.at_the_counter import SCHOOL, Store
from tui.at_the_desk import Hands, at_desk

SHOWN = (
    ("nothing", ""),
    ("type", "contact Ms Example"),
    ("scan", "kit"),
    ("type", "wheel 2"),
    ("type", "x 9"),
    ("type", ""),
    ("type", "KL0000000000A"),
    ("type", "kit"),
    ("press", "f1"),
    ("press", "ctrl+p"),
)


@pytest.mark.parametrize(("theme", "least"), [("dark", 4.5), ("light", 4.5), ("contrast", 7.0)])
async def test_every_text_can_be_read(store: Store, log: Path, theme: str, least: float) -> None:
    """Else people with weak eyes, or a bright window behind them, could not work here."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    store.clock.move(days=20)
    chosen = DeskSettings(theme=theme)
    async with at_desk(
        lambda: store.kitloan, log, (120, 40), chosen=chosen, press=LabelPress()
    ) as hands:
        assert hands.desk.theme == THEMES[theme].name
        for verb, text in SHOWN:
            if verb != "nothing":
                await getattr(hands, verb)(store.kit if text == "kit" and verb == "scan" else text)
            faint = dict(_faint(hands, least))
            assert not faint, (verb, text, faint)
        for screen in (action.id for action in ACTIONS if action.screen):
            await hands.go(screen)
            faint = dict(_faint(hands, least))
            assert not faint, (screen, faint)
        hands.desk.action_perform("scanner")
        await hands.scan("kl8b7xapxytmz")
        await hands.until(lambda: hands.reads("! Capitals arrive as small letters."))
        assert not dict(_faint(hands, least)), "the scanner check's findings"
        await hands.press("escape")
        hands.desk.action_perform("holdings")
        await hands.type("AC0001")
        await hands.pilot.click("#move")
        await hands.settle()
        assert not dict(_faint(hands, least)), "one holding, and a question"
        for over in (
            Confirm("Forget?", "Keep", "Forget", lambda: None),
            FirstRun("There is no store yet."),
            Trouble("There is no store.", "Make one."),
        ):
            await hands.desk.push_screen(over)
            await hands.settle()
            assert not dict(_faint(hands, least)), over
            await hands.desk.pop_screen()
        hands.desk.app_focus = False
        await hands.settle()
        assert not dict(_faint(hands, least))


def _faint(hands: Hands, least: float) -> list[tuple[str, float]]:
    """Texts on the screen that stand out too little, with how much they do."""
    width, height = hands.desk.size
    found = []
    for strip in hands.desk.screen._compositor.render_strips(hands.desk.size):
        for segment in strip:
            contrast = _contrast(segment)
            if contrast < least:
                found.append((segment.text.strip(), round(contrast, 2)))
    assert width and height
    return found


def _contrast(segment: Segment) -> float:
    """How much a text stands out from what lies under it; plenty where there is no text."""
    style = segment.style
    if not any(map(str.isalnum, segment.text)) or style is None:
        return 21.0
    if style.color is None or style.bgcolor is None:
        return 21.0
    ink, paper = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
    if style.reverse:
        ink, paper = paper, ink
    dark, light = sorted([_luminance(ink), _luminance(paper)])
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    """The relative luminance of WCAG 2."""
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized
    ]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


async def test_not_listening(store: Store, log: Path) -> None:
    """Else scans would go into another window, and the counter would believe that all is well."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        hands.desk.post_message(events.AppBlur())
        await hands.settle()
        assert hands.reads("! NOT LISTENING")
        hands.desk.post_message(events.AppFocus())
        await hands.settle()
        assert not hands.reads("NOT LISTENING")
        hands.desk.post_message(events.AppBlur())
        await hands.scan(store.kit)
        assert not hands.reads("NOT LISTENING")
        assert hands.reads("? TO WHOM?")
        assert hands.desk.focused is not None


async def test_resized_live(store: Store, log: Path) -> None:
    """Else a window made smaller would cut off what to do next."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (160, 50)) as hands:
        await hands.scan(store.kit)
        for size in ((80, 24), (60, 20), (200, 60)):
            await hands.pilot.resize_terminal(*size)
            await hands.settle()
            for part in ("? IN?", "Enter: all there", "16 Wheel", "F1 Help"):
                assert hands.reads(part), size


async def test_themes_in_turn(store: Store, log: Path) -> None:
    """Else a desk by a window could not be made light without a file."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        seen = []
        for _ in THEMES:
            seen.append(hands.desk.theme)
            hands.desk.action_perform("theme")
        assert seen == [theme.name for theme in THEMES.values()]
        assert hands.desk.animation_level == "none"
