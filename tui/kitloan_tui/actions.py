"""Everything that a key, a click, a typed word or a command card can do: one row each.

Key bindings, the bar at the foot, the palette, the help, the line desk's words and the sheet of
cards all read this table, so that they cannot disagree. An action that cannot run now shows why.

To add one: a row here. A verb of the counter bears the name of its card in
`kitloan.text.scans.COMMANDS` and has its function in `counter.steps`; a row with a `screen` opens
that screen; anything else has its method in `DeskApp.action_perform`. Keys are F1 to F10, Esc and
Ctrl with Z, P or Q: those that terminals, tmux and browsers leave alone. A row may have none; the
palette has them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kitloan.text.scans import COMMANDS
from kitloan_tui.counter.state import CounterState, TurnTerms

WhyNot = Callable[[CounterState], str | None]


def _always(_state: CounterState) -> None:
    return None


def _no_count(state: CounterState) -> str | None:
    return None if state.counting else "No kit is being counted: scan one that is out."


def _nothing_open(state: CounterState) -> str | None:
    return None if state.is_open else "Nothing is open."


def _nothing_to_renew(state: CounterState) -> str | None:
    if state.turn or state.recent:
        return None
    return "No loan is on the counter: scan a kit that is out, or open a school's turn."


def _nothing_to_label(state: CounterState) -> str | None:
    return None if state.recent else "No kit is on the counter: scan one first."


def _nothing_back(state: CounterState) -> str | None:
    return None if state.returned else "No kit has come back here: scan one that is out."


def _no_holding(state: CounterState) -> str | None:
    return None if state.recent else "No kit is on the counter: scan one, or open its page."


def _no_terms(state: CounterState) -> str | None:
    has_some = state.terms != TurnTerms()
    return None if has_some else "No day, due date, contact or purpose is set."


def _lends_nothing(state: CounterState) -> str | None:
    if not state.is_national:
        return None
    return "This is ESP's store: it shows what the colleges hold, and lends nothing."


def _not_national(state: CounterState) -> str | None:
    if state.is_national:
        return None
    return "This is one college's store; the national view is in ESP's."


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    Attributes:
        id: its name; a verb of the counter bears the name of its command card.
        key: the key it has unless the user gave it another, as Textual spells it; "" for none.
        label: a word or two, for the bar and the palette.
        help: a sentence, for the help and the palette.
        why_not: why it cannot run now; None when it can.
        in_bar: whether the bar shows it.
        bound: False where the line itself takes the key.
        of_counter: whether it needs the store to be open.
        of_holding: whether it is about one holding: the page that is open, else the kit scanned
            last, whose page opens for it.
        words: other words by which people look for it.
        typed: the word that does the same on the line; "" for none.
        screen: the screen it opens, as `module:Class`; it is made with the desk.
    """

    id: str
    key: str
    label: str
    help: str
    why_not: WhyNot = _always
    in_bar: bool = False
    bound: bool = True
    of_counter: bool = True
    of_holding: bool = False
    words: str = ""
    typed: str = ""
    screen: str = ""

    @property
    def card(self) -> str | None:
        """The command card that does the same."""
        return next((code for code, name in COMMANDS.items() if name == self.id), None)


_COUNTER: Final = (
    Action(
        "done",
        "enter",
        "Done",
        "On an empty line: ends the count; the kit is whole, or as it left, or as you typed. "
        "The card also ends a school's turn.",
        _nothing_open,
        bound=False,
        typed="done",
    ),
    Action(
        "home",
        "escape",
        "Back",
        "Empties the line; else leaves what is open. A kit that was being counted stays on loan.",
        in_bar=True,
        of_counter=False,
        typed="leave",
    ),
    Action(
        "whole",
        "f7",
        "All there",
        "Everything on the list is in the kit, also what was short before.",
        _no_count,
        in_bar=True,
        typed="whole",
        words="complete nothing missing",
    ),
    Action(
        "count_later",
        "f8",
        "Count later",
        "Takes the kit back uncounted. It is not lent until it is counted: scan it again for that.",
        _no_count,
        in_bar=True,
        typed="later",
    ),
    Action(
        "undo",
        "ctrl+z",
        "Undo",
        "Takes back what you did last: a word of a count, a scan that asks, a kit that waits for "
        "a name, an Esc; else your latest action on record, also after a restart.",
        in_bar=True,
        typed="undo",
        words="take back reverse mistake wrong",
    ),
    Action(
        "redo",
        "",
        "Redo",
        "Does again what you undid last.",
        typed="redo",
        words="again repeat undo",
    ),
    Action(
        "return",
        "",
        "Returns only",
        "From now on kits only come back: one that is here already is refused. "
        "A school's name, or DONE, ends it.",
        _lends_nothing,
        typed="return",
        words="back bring check in",
    ),
    Action(
        "clear",
        "",
        "Clear",
        "Clears the day, due date, contact and purpose that were typed for a turn.",
        _no_terms,
        typed="clear",
    ),
    Action(
        "plus_7",
        "",
        "+7 days",
        "Makes the loan on the counter due a week later, or sets the date of the turn.",
        _nothing_to_renew,
        typed="+7",
        words="renew extend longer week",
    ),
    Action(
        "plus_14",
        "",
        "+14 days",
        "Makes the loan on the counter due two weeks later, or sets the date of the turn.",
        _nothing_to_renew,
        typed="+14",
        words="renew extend longer fortnight",
    ),
    Action(
        "print_label",
        "",
        "Print label",
        "A new label for the kit that was scanned last: where on the sheet, and then printed.",
        _nothing_to_label,
        typed="label",
        words="sticker tag",
    ),
    Action(
        "use",
        "",
        "What it was used for",
        "Opens the form for the kit that came back last: learners, hours and the like. On the line "
        "in one: use p5 27 4.5h 3x. It can always be left for later.",
        _nothing_back,
        typed="use",
        words="engagement evidence learners pupils class hours form feedback",
    ),
)

_DESK: Final = (
    Action(
        "help",
        "f1",
        "Help",
        "What can be scanned, typed and pressed.",
        in_bar=True,
        of_counter=False,
        words="manual keys how",
    ),
    Action(
        "palette",
        "ctrl+p",
        "All",
        "Everything that can be done now, and a search for kits and schools.",
        in_bar=True,
        of_counter=False,
    ),
    Action("page_up", "pageup", "Up", "Scrolls up.", of_counter=False),
    Action("page_down", "pagedown", "Down", "Scrolls down.", of_counter=False),
    Action(
        "scanner",
        "f9",
        "Scanner",
        "Whether the scanner is set up well, and how to correct it.",
        of_counter=False,
        screen="kitloan_tui.screens.scanner:ScannerCheck",
        words="barcode reader keyboard",
    ),
    Action(
        "theme",
        "",
        "Theme",
        "Dark, light or high contrast, in turn; saved for next time.",
        of_counter=False,
        words="dark light contrast colours",
    ),
    Action(
        "quit",
        "ctrl+q",
        "Quit",
        "Closes the desk; asks once when something is not finished.",
        of_counter=False,
        words="exit close leave",
    ),
)

_SCREENS: Final = (
    Action(
        "holdings",
        "f2",
        "Holdings",
        "Everything the college holds: search as you type, by status, by type; one holding.",
        in_bar=True,
        screen="kitloan_tui.screens.holdings:HoldingList",
        words="kits stock inventory find search list register",
    ),
    Action(
        "loans",
        "f3",
        "Loans",
        "What is out, due today, overdue, and with which school. Again: the next of these.",
        in_bar=True,
        screen="kitloan_tui.screens.loans:Loans",
        words="overdue late due today chase reminder who has it borrowed",
    ),
    Action(
        "shortages",
        "f4",
        "Short",
        "What is missing or broken, by kit or by type; Enter records replaced parts.",
        in_bar=True,
        screen="kitloan_tui.screens.shortages:Shortages",
        words="missing broken spares order parts",
    ),
    Action(
        "borrowers",
        "f5",
        "Schools and people",
        "Schools and what they have out; people on file, and forgetting one.",
        in_bar=True,
        screen="kitloan_tui.screens.borrowers:Borrowers",
        words="school contact people person phone e-mail email ring call teacher forget erase",
    ),
    Action(
        "take_in",
        "f6",
        "Take in",
        "A new holding, under the label that was scanned or a new tag; a second label.",
        _lends_nothing,
        in_bar=True,
        screen="kitloan_tui.screens.take_in:TakeIn",
        words="add new holding label second claim",
    ),
    Action(
        "labels",
        "f10",
        "Labels",
        "Labels for every holding that has none yet: stock, printer, and where the sheet starts.",
        in_bar=True,
        screen="kitloan_tui.screens.labels:Labels",
        words="print stickers tags sheet",
    ),
    Action(
        "stocktake",
        "",
        "Stocktake",
        "Opens one or goes on with it: scan what is there, and see what is not.",
        _lends_nothing,
        screen="kitloan_tui.screens.stocktake:TakeStock",
        words="inventory audit check shelf scan result closed",
    ),
    Action(
        "transfers",
        "",
        "Transfers",
        "What is on its way to other colleges, and what came from them.",
        screen="kitloan_tui.screens.transfers:TransferList",
        words="send receive college in transit",
    ),
    Action(
        "sharing",
        "",
        "Between colleges",
        "What other colleges claim and ask for, to be answered; what is offered, to be claimed.",
        screen="kitloan_tui.screens.sharing:SharingList",
        words="offer offers claim ask asks want lend spare parts other college share",
    ),
    Action(
        "week",
        "",
        "Week",
        "What is free of each kit type by day; bookings, and those at risk.",
        _lends_nothing,
        screen="kitloan_tui.screens.week:WeekScreen",
        words="book booking bookings reserve calendar days free planning plan promise collect",
    ),
    Action(
        "day",
        "",
        "Day",
        "What is to be handed out, to be prepared and due back on a day, and what is at risk.",
        _lends_nothing,
        screen="kitloan_tui.screens.day:DayScreen",
        words="today bookings hand out prepare collect due back at risk list",
    ),
    Action(
        "events",
        "",
        "Events",
        "Events with their bookings: what is packed, out and back, ticked by scan.",
        _lends_nothing,
        screen="kitloan_tui.screens.events:EventList",
        words="event fair festival pack packing list tick show open day",
    ),
    Action(
        "uses",
        "",
        "Uses to ask about",
        "Loans that came back without a word of what they were used for, and what is recorded.",
        _lends_nothing,
        screen="kitloan_tui.screens.uses:Uses",
        words="engagement evidence learners pupils later form missing report",
    ),
    Action(
        "national",
        "",
        "National view",
        "Every college's totals, problems and last file received, in ESP's store.",
        _not_national,
        screen="kitloan_tui.screens.national:NationalView",
        words="esp report colleges totals",
    ),
    Action(
        "figures",
        "",
        "Figures",
        "Loans by week, use by type, overdue by age.",
        screen="kitloan_tui.screens.figures:FiguresScreen",
        words="report statistics charts use by week numbers",
    ),
    Action(
        "register",
        "",
        "Read a register",
        "A college's spreadsheet: the problems first, then all of it.",
        _lends_nothing,
        screen="kitloan_tui.screens.register:ReadRegister",
        words="import spreadsheet excel csv file open",
    ),
    Action(
        "kit_types",
        "",
        "Kit types",
        "Each kind of kit with its contents list; and reading lists from a file.",
        screen="kitloan_tui.screens.kit_types:KitTypes",
        words="contents list parts components kinds type",
    ),
    Action(
        "chase_list",
        "",
        "Chase list",
        "Every overdue loan with whom to ring, in a file to print or mail.",
        _lends_nothing,
        screen="kitloan_tui.screens.files:ChaseList",
        words="overdue late ring phone csv export print email reminder report",
    ),
    Action(
        "export",
        "",
        "File for ESP",
        "This college's ledger in a file, for ESP.",
        _lends_nothing,
        screen="kitloan_tui.screens.files:SendToEsp",
        words="export send ledger esp report",
    ),
    Action(
        "backup",
        "",
        "Backup",
        "A copy of the store, proved.",
        screen="kitloan_tui.screens.files:BackUp",
        words="save copy export disk usb",
    ),
    Action(
        "blank_labels",
        "",
        "Blank labels",
        "New labels to stick on first; a scan of one takes the thing in.",
        _lends_nothing,
        screen="kitloan_tui.screens.files:BlankLabels",
        words="print new tags stickers sheet",
    ),
    Action(
        "cards",
        "",
        "Cards",
        "Cards to scan: the commands of the desk, and the schools.",
        _lends_nothing,
        screen="kitloan_tui.screens.files:Cards",
        words="print commands schools qr barcode",
    ),
    Action(
        "stocktake_results",
        "",
        "Stocktake results",
        "The result of a stocktake, open or closed.",
        _lends_nothing,
        screen="kitloan_tui.screens.stocktake:StocktakeResults",
        words="closed result audit report seen missing",
    ),
    Action(
        "undo_list",
        "",
        "What you did",
        "What you did last, which of it can be undone, and why the rest cannot.",
        screen="kitloan_tui.screens.undoing:UndoList",
        words="undo list history mistakes log",
    ),
    Action(
        "ledger",
        "",
        "Ledger",
        "Where the ledger ends, its latest entries, and verifying all of it.",
        screen="kitloan_tui.screens.ledger:Ledger",
        words="verify check entries log history prove",
    ),
)

_HOLDING: Final = (
    Action(
        "count",
        "",
        "Count",
        "Counts the contents of a kit that is here.",
        _no_holding,
        of_holding=True,
        words="contents check whole missing parts",
    ),
    Action(
        "renew",
        "",
        "Renew",
        "Makes a loan due on another day: friday, 18 dec, 3 weeks.",
        _no_holding,
        of_holding=True,
        words="extend longer due date",
    ),
    Action(
        "correct",
        "",
        "Correct loan",
        "Corrects an open loan without a return: the school, the day, who took it, how many.",
        _no_holding,
        of_holding=True,
        words="wrong school mistake fix borrower date contact person phone quantity",
    ),
    Action(
        "pass_on",
        "",
        "Pass on",
        "Records that a school handed a loan straight on to another; nothing is counted.",
        _no_holding,
        of_holding=True,
        words="hand over next school swap",
    ),
    Action(
        "use_up",
        "",
        "Used or lost",
        "Takes stock back of which the school used or lost some: back 5 used 3 lost 2.",
        _no_holding,
        of_holding=True,
        words="consumed used up lost stock",
    ),
    Action(
        "split",
        "",
        "Split",
        "Makes part of a stock a holding of its own, with a new tag.",
        _no_holding,
        of_holding=True,
        words="divide part of stock",
    ),
    Action(
        "repair",
        "",
        "Repair",
        "Records that a holding cannot be used; done again, that it is repaired.",
        _no_holding,
        of_holding=True,
        words="broken out of use fixed mended",
    ),
    Action(
        "reinstate",
        "",
        "Reinstate",
        "Takes a written-off holding that turned up back on the register: two people sign.",
        _no_holding,
        of_holding=True,
        words="found again unwithdraw sign",
    ),
    Action(
        "undo_here",
        "",
        "Undo here",
        "Undoes what you did last to one holding.",
        _no_holding,
        of_holding=True,
        words="take back reverse mistake",
    ),
    Action(
        "amend",
        "",
        "Change",
        "Corrects a holding's number, serial number, type or quantity.",
        _no_holding,
        of_holding=True,
        words="amend correct edit details asset number serial type quantity",
    ),
    Action(
        "move",
        "",
        "Move",
        "Records where a holding is kept now.",
        _no_holding,
        of_holding=True,
        words="place location shelf store room",
    ),
    Action(
        "sight",
        "",
        "Seen here",
        "Records that somebody saw a holding.",
        _no_holding,
        of_holding=True,
        words="sighted last seen",
    ),
    Action(
        "label",
        "",
        "Label",
        "A new label for a holding.",
        _no_holding,
        of_holding=True,
        words="print sticker tag relabel",
    ),
    Action(
        "send",
        "",
        "Send",
        "Sends a holding to another college, with a count of its contents.",
        _no_holding,
        of_holding=True,
        words="transfer college give away",
    ),
    Action(
        "missing",
        "",
        "Missing",
        "Records that a holding is not to be found; a loan that lost it ends with it.",
        _no_holding,
        of_holding=True,
        words="lost stolen gone",
    ),
    Action(
        "withdraw",
        "",
        "Withdraw",
        "Takes a holding off the register for good: one person proposes, another signs.",
        _no_holding,
        of_holding=True,
        words="write off scrap dispose sign",
    ),
)

ACTIONS: Final = (_DESK[0], *_SCREENS, *_HOLDING, *_COUNTER, *_DESK[1:])
"""In the order of the bar and the help."""

BY_ID: Final = {action.id: action for action in ACTIONS}
BY_WORD: Final = {action.typed: action for action in ACTIONS if action.typed}


def why_not(action: Action, state: CounterState | None) -> str | None:
    """Why an action cannot run now; None when it can."""
    if not action.of_counter:
        return None
    return action.why_not(state) if state else "The store is still opening."
