"""Reading and writing text without a store: tags, dates, scans, names, and mentions of people."""
