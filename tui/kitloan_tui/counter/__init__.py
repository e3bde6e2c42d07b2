"""The counter: one state, and functions that take what was scanned or typed and change it.

`state` is the data; `steps` is the way in: `scan(state, college, code)` and its siblings each give
a `Verdict`. Nothing here knows a screen, so that a desk of lines works at the same counter.
"""
