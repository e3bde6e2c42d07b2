"""What was done: reversing it, and proving that the tables follow from it."""
