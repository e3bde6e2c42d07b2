"""Texts as cells of a CSV file, of which a spreadsheet program runs none as a formula."""

import re

_WOULD_RUN = re.compile(r"(^|[,;|\t\r\n])(?=[\s\"]*[=+\-@＝＋－＠]|[\t\r])")
"""Where a cell may begin, and what follows would make it a formula; a quote in it may be taken for
the beginning of a quoted cell."""


def csv_cell(text: str) -> str:
    """A text with an apostrophe before each part that a spreadsheet program would run.

    See OWASP, "CSV injection". Some programs part the columns at a semicolon, a tab or a bar,
    whatever the file declares, so each part that would be a cell of its own there is guarded too.
    """
    return _WOULD_RUN.sub(r"\1'", text)
