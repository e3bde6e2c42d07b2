"""The desk: the terminal program that `kitloan` opens. Importing this package loads nothing."""
