"""Fuzzing that is guided by what each change reaches in the code: `make fuzz`, on Linux.

    python tests/fuzz/guided.py words --seconds 300
    python tests/fuzz/guided.py                        each of them, a minute each

Whatever fails is printed with its bytes and kept in the folder that is named. It goes into
`tests/fuzz/test_found.py`. Inputs that reached something new are kept for the next time.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

KEPT = Path(__file__).parents[2] / "build" / "fuzz"
READING = ["kitloan", "kitloan_labels", "kitloan_tui", "tomllib", "csv"]

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.remove(str(Path(__file__).parent))  # where this package's own name would be a module's
with atheris.instrument_imports(include=[*READING, "fuzz.readers"]):
    from fuzz.fuzzing import HANGS
    from fuzz.readers import READERS
    from fuzz.test_exchange_files import entries

    TRIED = READERS | {"entries": entries}

_SHORTEST = 4_096
"""Bytes that an input may have in any case; else twice the longest example."""


def one(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one reader, which may write into a folder; Atheris ends this process."""
    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    reader = TRIED[name](folder)
    for number, example in enumerate(reader.examples):
        (corpus / f"example-{number}").write_bytes(example)
    told = {
        "max_total_time": seconds,
        "max_len": max(_SHORTEST, *(2 * len(each) for each in reader.examples)),
        "timeout": HANGS,
        "artifact_prefix": f"{KEPT}/{name}-",
        "print_final_stats": 1,
    }
    options = [f"-{option}={value}" for option, value in told.items()]
    atheris.Setup([sys.argv[0], str(corpus), *options], reader.check)
    atheris.Fuzz()


def main() -> None:
    """Fuzz what is named, or each of them; each in a process and a folder of its own."""
    asked = argparse.ArgumentParser(description="Coverage-guided fuzzing of every reader.")
    asked.add_argument("reader", nargs="?", choices=sorted(TRIED))
    asked.add_argument("--seconds", type=int, default=60)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.folder:
        one(given.reader, given.seconds, given.folder)
    failed = []
    for name in [given.reader] if given.reader else TRIED:
        with tempfile.TemporaryDirectory(prefix="kitloan-fuzz-") as folder:
            options = ("--seconds", str(given.seconds), "--folder", folder)
            if subprocess.run([sys.executable, __file__, name, *options], check=False).returncode:
                failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}; see {KEPT}" if failed else 0)


if __name__ == "__main__":
    main()
