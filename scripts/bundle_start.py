"""Runs first in the bundle: the programs that kitloan starts get the system's own libraries.

The bundle's starter points LD_LIBRARY_PATH at its own folder. The print system's commands would
load the bundle's libraries by it, of other versions than theirs.
"""

import os

_NAME = "LD_LIBRARY_PATH"
_own = os.environ.pop(f"{_NAME}_ORIG", None)
if _own is None:
    os.environ.pop(_NAME, None)
else:
    os.environ[_NAME] = _own
