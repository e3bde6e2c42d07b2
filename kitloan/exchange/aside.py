"""What was refused is kept aside: nothing that a college sent is ever dropped.

Beside the store and not in it, because a refusal leaves the store as it was. Each file lies there
under the hash of its bytes, with a note of who refused it and why; one that only came too early is
merged by itself as soon as what lay before it has come.
"""

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from kitloan.calendar import instant
from kitloan.errors import KitloanError
from kitloan.session import Session
from kitloan.store import default_place


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
        """Keep a copy of a file, and why it was refused, unless it is kept already."""
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
