"""Texts as cells of a file that a spreadsheet program opens.

Such a program runs what looks like a formula, so that a text gets an apostrophe before it (OWASP,
"CSV injection"). Some programs part the columns at a semicolon, a tab or a bar, whatever the file
says: each part of a text that would be a cell of its own there is guarded as well.
"""

import re

_WOULD_RUN = re.compile(r"(^|[,;|\t\r\n])(?=[\s\"]*[=+\-@＝＋－＠]|[\t\r])")
"""Where a cell may begin, and what follows would make it a formula; a quote in it may be taken for
the beginning of a quoted cell."""


def guarded(text: str) -> str:
    """`text`, which no spreadsheet program takes for a formula."""
    return _WOULD_RUN.sub(r"\1'", text)
