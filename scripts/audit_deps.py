"""Ask which of the pinned dependencies have known weaknesses.

`python scripts/audit_deps.py PIP_AUDIT CONSTRAINTS` ends with 1 when one has, and with 0 otherwise:
also when the index could not be asked, which it reports. A build must not fail for want of a
network, and must not hide that it asked no one.
"""

import json
import subprocess
import sys
from typing import Any

_SECONDS = 180


def main(pip_audit: str, constraints: str) -> int:
    """Ask with pip-audit, print the answer, and give the exit code."""
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    try:
        done = subprocess.run(  # noqa: S603  # the program that the Makefile names
            [pip_audit, "-r", constraints, *options], capture_output=True, timeout=_SECONDS
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as problem:
        return report(f"Dependencies: the index could not be asked ({type(problem).__name__}).", 0)
    return report(*verdict(found["dependencies"]))


def verdict(dependencies: list[dict[str, Any]]) -> tuple[str, int]:
    """What pip-audit's answer comes to, in words, and the exit code."""
    weak = [
        f"  {each['name']} {each['version']}: {fault['id']}, "
        f"fixed in {', '.join(fault['fix_versions']) or 'no version yet'}"
        for each in dependencies
        for fault in each.get("vulns", [])
    ]
    unknown = sum("skip_reason" in each for each in dependencies)
    words = (
        f"Dependencies: {len(dependencies) - unknown} of {len(dependencies)} are on record there"
    )
    if weak:
        return "\n".join([f"{words}; {len(weak)} known weaknesses:", *weak]), 1
    return f"{words}; no known weakness.", 0


def report(words: str, code: int) -> int:
    """Print it, and give the code."""
    print(words)  # noqa: T201  # what the script is for
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
