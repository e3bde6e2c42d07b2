"""`make demo`: the whole job, on a folder of its own. It is the command `kitloan demo`."""

import sys

from kitloan.cli.main import run

if __name__ == "__main__":
    sys.exit(run(["demo"]))
