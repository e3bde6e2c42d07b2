"""What was refused is kept aside: nothing that a college sent is dropped, but by a person.

Beside the store and not in it, because a refusal leaves the store as it was. Each file lies there
under the hash of its bytes, with a note of who refused it and why; one that only came too early is
merged by itself as soon as what lay before it has come. Only exchange files are kept, which name
nobody: a register that was given by mistake may be full of people.
"""

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from kitloan.errors import BadInput, KitloanError
from kitloan.exchange.file import ExchangeFile
from kitloan.ledger.session import Session
from kitloan.storage.places import default_place
from kitloan.text.dates import instant
from kitloan.text.names import plain


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was refused. `file` is what it was called, `copy` where it is kept."""

    file: str
    copy: str
    code: str
    ledger: str | None
    seq: int | None
    message: str
    at: str


class Aside:
    """The folder of refused files beside a store."""

    def __init__(self, session: Session) -> None:
        store = session.store
        # A server has no folder that is ours: what it refused lies in the user's own.
        server = hashlib.sha256(store.name.encode()).hexdigest()[:12]
        place = Path(store.name if store.is_sqlite else default_place())
        name = place.name if store.is_sqlite else f"postgresql-{server}"
        self.folder = place.with_name(f"{name}.aside")
        self._clock = session.clock

    def keep(self, path: Path, problem: KitloanError) -> None:
        """Keep a copy of an exchange file, and why it was refused, unless it is kept already."""
        if not ExchangeFile(path).is_one():
            problem.details["not_kept"] = "It is no exchange file."
            return
        try:
            digest = _digest(path)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy = self.folder / f"{digest}.kitloan"
            if copy.exists():
                return
            note = Kept(
                file=str(path),
                copy=str(copy),
                code=problem.code,
                ledger=problem.details.get("ledger"),
                seq=problem.details.get("seq"),
                message=problem.message,
                at=instant(self._clock()),
            )
            part = copy.with_suffix(".part")
            shutil.copyfile(path, part)
            part.chmod(0o600)
            copy.with_suffix(".json").write_text(
                json.dumps(asdict(note), ensure_ascii=False, indent=2), encoding="utf-8"
            )
            part.replace(copy)
        except OSError as fault:
            problem.details["not_kept"] = fault.strerror or str(fault)

    def forget(self, path: Path) -> None:
        """A file was merged after all: no copy of it need be kept."""
        with suppress(OSError):
            self._remove(self.folder / f"{_digest(path)}.kitloan")

    def drop(self, which: str) -> Kept:
        """Take a kept file away for good.

        Args:
            which: its number in `kept`, from 1, its name as it was given, or where it is kept.

        Raises:
            BadInput: `not_aside`; `ambiguous`, when several were called that.
        """
        kept = self.kept()
        called = [each for each in kept if which in (each.file, each.copy)]
        if not called:
            called = [each for n, each in enumerate(kept, 1) if str(n) == which.strip()]
        if not called:
            raise BadInput(
                "not_aside",
                f"No file {plain(which)!r} is kept aside.",
                "See which are, with their numbers: kitloan ledger aside",
            )
        if len(called) > 1:
            numbers = [kept.index(each) + 1 for each in called]
            raise BadInput(
                "ambiguous",
                f"{len(called)} files called {plain(which)!r} are kept aside: "
                f"numbers {', '.join(map(str, numbers))}.",
                "Give the number of one.",
                numbers=numbers,
            )
        self._remove(Path(called[0].copy))
        return called[0]

    def kept(self) -> list[Kept]:
        """What is kept, the oldest first."""
        found = []
        for note in sorted(self.folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):
                each = Kept(**json.loads(note.read_text(encoding="utf-8")))
                if Path(each.copy).exists():
                    found.append(each)
        return sorted(found, key=lambda each: (each.at, each.file))

    @staticmethod
    def _remove(copy: Path) -> None:
        copy.with_suffix(".json").unlink(missing_ok=True)
        copy.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
