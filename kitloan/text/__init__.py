"""Text in and out, with no store about it: tags, dates, scanned text, words, names."""
