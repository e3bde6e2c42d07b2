"""Where a store is: opening it, its rules, locks, faults, files, and forgetting people in it."""
