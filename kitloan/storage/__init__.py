"""The store: opening it, its schema, integrity, locks, faults, files, and erasing people in it."""
