"""Taking in at the desk: new labels, boxes of kits, and slips on the way."""

from pathlib import Path

from textual.widgets import Input

from kitloan.holdings import NewHolding
from kitloan.text.tags import grouped, mint
from kitloan_tui.screens.take_in import TakeIn
from tui.at_the_counter import Store
from tui.at_the_desk import at_desk


async def test_a_label_that_nobody_knows_opens_the_form(store: Store, log: Path) -> None:
    """Else a new kit would need a command line before it could be lent."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        assert isinstance(hands.desk.screen, TakeIn)
        assert hands.reads(f"Label {grouped(tag)}")
        hands.desk.screen.query_one("#location", Input).value = "Store 2"
        await hands.type("STEM kit")
        assert hands.reads(f"= TAKEN IN STEM kit {grouped(tag)}")
        held = store.kitloan.find.holding(tag)
        assert (held.type, held.location, held.status) == ("STEM kit", "Store 2", "in")
        await hands.scan(tag)
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(tag)}")


async def test_a_box_of_new_kits_is_scanned_and_taken_in(store: Store, log: Path) -> None:
    """Else each of twelve kits would need its type typed again, or a scan would be lost."""
    tags = [mint() for _ in range(3)]
    async with at_desk(lambda: store.kitloan, log) as hands:
        for tag in tags:
            await hands.scan(tag)
        assert hands.reads("~ 2 scans waiting")
        assert hands.reads("1 Multimeter 2 STEM kit 3 VR headset")
        await hands.type("3")
        await hands.press("enter")
        await hands.press("enter")
        assert [store.kitloan.find.holding(tag).type for tag in tags] == ["VR headset"] * 3


async def test_scans_behind_a_new_label_wait(store: Store, log: Path) -> None:
    """Else the kit scanned after it would answer what the new one is, or vanish."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        await hands.scan(store.headset)
        assert hands.reads(f"~ 1 scan waiting: {grouped(store.headset)}")
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("? TO WHOM? VR headset")


async def test_a_new_label_for_a_holding_that_is_here(store: Store, log: Path) -> None:
    """Else the pre-printed label stuck on an old kit would make it two kits."""
    tag = mint()
    store.kitloan.holdings.labels_printed([tag], blank=True)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(tag)
        hands.desk.screen.query_one("#here", Input).value = "AC0001"
        await hands.type("")
        assert hands.reads("= CLAIMED")
        assert store.kitloan.find.holding(tag).tag == store.kit


async def test_taking_in_by_key(store: Store, log: Path) -> None:
    """Else a thing that has no label yet could not be taken in at the desk."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        await hands.type("3D printer")
        assert store.kitloan.find.search("3d printer").total == 1
        await hands.scan(tag)
        assert hands.reads(f"Label {grouped(tag)}")
        await hands.press("enter")
        assert store.kitloan.find.holding(tag).type == "3D printer"
        hands.desk.screen.query_one("#quantity", Input).value = "many"
        await hands.press("enter")
        assert hands.reads("! REFUSED 'many' is not a valid quantity")


async def test_equal_things_are_taken_in_one_after_another(store: Store, log: Path) -> None:
    """Ten equal boxes: the number of the kind typed again over itself is the next box."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        before = store.kitloan.find.search("").total
        for _ in range(3):
            await hands.type("1")
            assert hands.reads("= TAKEN IN")
        await hands.press("enter")
        assert hands.reads("! REFUSED Nothing was scanned or typed since the last one.")
        assert store.kitloan.find.search("").total == before + 3


async def test_enter_alone_takes_nothing_in(store: Store, log: Path) -> None:
    """Else one Enter too many would make a kit that does not exist, under a tag that is nowhere."""
    tags = [mint() for _ in range(3)]
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        await hands.type("Robot")
        for key in ("enter", "enter"):
            await hands.press(key)
        assert hands.reads("! REFUSED Nothing was scanned or typed since the last one.")
        for tag in tags:
            await hands.scan(tag)
        assert hands.reads(f"Label {grouped(tags[0])}")
        assert hands.reads(f"~ 2 scans waiting: {grouped(tags[1])}")
        await hands.press("enter")
        await hands.type("Robot arm")
        await hands.press("enter", "enter")
        assert hands.reads("! REFUSED")
    named = [store.kitloan.find.holding(tag).type for tag in tags]
    assert named == ["Robot", "Robot arm", "Robot arm"]
    assert store.kitloan.find.search("robot").total == 4


async def test_a_number_in_use_and_a_scan_in_between(store: Store, log: Path) -> None:
    """Else two kits would share a number unnoticed, or a form half filled would be thrown away."""
    for n in range(12):
        store.kitloan.holdings.add(NewHolding(f"Kind {n}"))
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f6")
        assert hands.reads("and 6 more: type letters of one")
        hands.desk.screen.query_one("#asset_number", Input).value = "AC0001"
        await hands.press(*"vr")
        assert hands.reads("VR headset")
        assert not hands.reads("1 Kind 0")
        await hands.scan(store.second)
        assert hands.reads("! REFUSED The form is half filled")
        await hands.press("enter")
        assert hands.reads("! REFUSED AC0001 is the number of STEM kit")
        await hands.press("enter")
        assert hands.reads("! REFUSED AC0001 is the number of STEM kit")
        hands.desk.screen.query_one("#asset_number", Input).value = "AC0099"
        await hands.press("enter")
        assert hands.reads("Is it VR headset?")
        await hands.press("enter")
        assert hands.reads("= TAKEN IN vr")


async def test_ten_equal_things_are_taken_in_at_once(store: Store, log: Path) -> None:
    """Else ten equal boxes would be ten times the same line, or one stock of ten."""
    before = len(store.kitloan.holdings.tags())
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("take_in")
        hands.desk.screen.query_one("#quantity", Input).value = "10 each"
        await hands.type("VR headset")
        assert hands.reads("= TAKEN IN 10 of VR headset, each with a new tag")
        assert len(store.kitloan.holdings.tags()) == before + 10
        await hands.press("ctrl+z")
        assert len(store.kitloan.holdings.tags()) == before


async def test_a_mistyped_kind_is_asked_about_in_the_form(store: Store, log: Path) -> None:
    """Else a slip would be a new kind of kit, without a word."""
    before = len(store.kitloan.holdings.tags())
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("take_in")
        await hands.type("VR hedset")
        assert hands.reads("Is it VR headset?")
        assert len(store.kitloan.holdings.tags()) == before
        await hands.press("enter")
        assert hands.reads("= TAKEN IN VR hedset")
