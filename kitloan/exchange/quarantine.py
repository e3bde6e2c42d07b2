"""The quarantine: refused files are kept until they can be merged, or a person deletes them.

The quarantine is a folder next to the store, because a refusal must leave the store unchanged. Each
file there is named by the hash of its bytes, with a note of when and why it was refused. A file
that came too early is merged when the entries before it come. Only exchange files are kept, because
they hold no contacts; a register that was imported by mistake may be full of people.
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
class RefusedFile:
    """A refused file: `file` is its name when it was imported, `copy` its place in quarantine."""

    file: str
    copy: str
    code: str
    ledger: str | None
    seq: int | None
    message: str
    at: str


class Quarantine:
    """The folder of refused files next to a store."""

    def __init__(self, session: Session) -> None:
        store = session.store
        # A server has no folder of ours: its quarantine is in the user's data folder.
        server = hashlib.sha256(store.name.encode()).hexdigest()[:12]
        place = Path(store.name if store.is_sqlite else default_place())
        name = place.name if store.is_sqlite else f"postgresql-{server}"
        self.folder = place.with_name(f"{name}.aside")
        self._clock = session.clock

    def keep(self, path: Path, problem: KitloanError) -> None:
        """Keep a copy of an exchange file and the reason, unless it is in quarantine already."""
        if not ExchangeFile(path).is_one():
            problem.details["not_kept"] = "It is not an exchange file."
            return
        try:
            digest = _digest(path)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy = self.folder / f"{digest}.kitloan"
            if copy.exists():
                return
            note = RefusedFile(
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
        """Delete the copy of a file that has been merged."""
        with suppress(OSError):
            self._remove(self.folder / f"{_digest(path)}.kitloan")

    def drop(self, which: str) -> RefusedFile:
        """Delete a file from quarantine for good.

        Args:
            which: its number in `files`, from 1, its name when it was imported, or its copy's path.

        Raises:
            BadInput: `not_aside`; `ambiguous`, when several had that name.
        """
        kept = self.files()
        called = [each for each in kept if which in (each.file, each.copy)]
        if not called:
            called = [each for n, each in enumerate(kept, 1) if str(n) == which.strip()]
        if not called:
            raise BadInput(
                "not_aside",
                f"No file in quarantine is called {plain(which)!r}.",
                "List them, with their numbers: kitloan ledger aside",
            )
        if len(called) > 1:
            numbers = [kept.index(each) + 1 for each in called]
            raise BadInput(
                "ambiguous",
                f"{len(called)} files in quarantine are called {plain(which)!r}: "
                f"numbers {', '.join(map(str, numbers))}.",
                "Give the number of one.",
                numbers=numbers,
            )
        self._remove(Path(called[0].copy))
        return called[0]

    def files(self) -> list[RefusedFile]:
        """The files in quarantine, the oldest first."""
        found = []
        for note in sorted(self.folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):
                each = RefusedFile(**json.loads(note.read_text(encoding="utf-8")))
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
