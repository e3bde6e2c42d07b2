"""README's five minutes: what it says to type, typed, and what it says is answered, compared."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from cli.running import REGISTERS, Cli

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROMPT = "$ .venv/bin/kitloan "
KEY = r"\b([0-9a-f]{4} ){7}[0-9a-f]{4}\b"
OF_THE_DAY = (
    (r"KL ?\w{4}-?\w{4}-?\w{3}\b", "TAG"),
    (KEY, "KEY"),
    (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}( \d\d:\d\d)?", "DATE"),
)
"""What is different each time."""


def commands() -> list[tuple[str, str]]:
    """Every command of ours that README types, with the answer that it shows."""
    blocks = re.findall(r"^```console\n(\$ .*?)^```$", README, re.MULTILINE | re.DOTALL)
    typed = re.split(r"^(?=[$] )", "".join(blocks), flags=re.MULTILINE)
    ours = [each.removeprefix(PROMPT) for each in typed if each.startswith(PROMPT)]
    return [(line, answer) for line, _, answer in (each.partition("\n") for each in ours)]


def settled(text: str) -> str:
    """A text without what is different each time."""
    for pattern, word in OF_THE_DAY:
        text = re.sub(pattern, word, text)
    return text.strip()


def test_readme_can_be_followed_to_the_letter(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer types what stands there; the first line that fails is the last one they try."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REGISTERS, tmp_path / "examples" / "registers")
    assert len(commands()) > 10
    for line, shown in commands():
        own = cli("key", store=None, as_=None).out.partition("  ")[2].strip()
        words = [re.sub(KEY, own, word) for word in shlex.split(line)]
        answer = cli(*words, store=None, as_=None)
        told = re.escape(settled(shown)).replace("…", r"\S+")
        said = settled(answer.out + answer.err).replace("\\", "/")
        assert re.fullmatch(told, said), f"README shows of {line!r}:\n{shown}\nit says:\n{said}"
