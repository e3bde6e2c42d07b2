"""The same things in the model's words: what the library shows, and what the model expects."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from kitloan.college import College
from kitloan.tables import Loan, table
from kitloan.values import Holding
from model.state import World, status


def slug(name: str) -> str:
    """What the organisations above are known by."""
    return name.replace(" ", "-")


def plainly(verb: str, answer: Any) -> Any:
    """What a verb answered, in the model's words."""
    match verb:
        case "check_out":
            return [(each.id, each.tag) for each in answer]
        case "check_in":
            return [(each.tag, each.id, each.quantity) for each in answer]
        case "renew":
            return answer[0], answer[2]
        case "correct" | "pass_on":
            return answer.id, answer.quantity, answer.due_on
        case "split":
            return answer.tag
        case "undo":
            return set(answer.tags)
        case "add":
            return answer.tag
        case _:
            return None


def seen(shown: Holding) -> dict[str, Any]:
    """A holding as the library shows it, in the model's words."""
    gift = shown.gift
    return {
        "type": shown.type,
        "status": shown.status,
        "quantity": (shown.quantity, shown.out_quantity),
        "particulars": (shown.asset_number, shown.serial, shown.location),
        "gift": (gift.donor, gift.title, gift.value_pence),
        "loan": shown.loan and (shown.loan.id, shown.loan.due_on, shown.loan.quantity),
        "short": {each.component: (each.missing, each.broken) for each in shown.shortages},
        "seen": shown.last_sighted and (shown.last_sighted.at, shown.last_sighted.by),
    }


def expected(world: World, tag: str, day: date) -> dict[str, Any]:
    """The same of the model."""
    kept = world.kept[tag]
    first = min(kept.out, key=lambda each: (each.due, each.id), default=None)
    return {
        "type": world.types[kept.type][0],
        "status": status(world, kept, day),
        "quantity": (kept.quantity, kept.out_quantity),
        "particulars": (kept.asset_number, kept.serial, kept.location),
        "gift": (kept.gift.donor, kept.gift.title, kept.gift.value_pence),
        "loan": first and (first.id, first.due, first.left),
        "short": kept.short,
        "seen": kept.seen,
    }


def lent_twice(opened: College) -> list[Any]:
    """Holdings with two open loans of the whole."""
    loan = table(Loan)
    with opened.session.reading() as connection:
        return list(
            connection.execute(
                select(loan.c.college, loan.c.tag)
                .where(loan.c.closed_at.is_(None), loan.c.exclusive)
                .group_by(loan.c.college, loan.c.tag)
                .having(func.count() > 1)
            )
        )
