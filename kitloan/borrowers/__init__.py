"""Who borrows: organisations and the people in them, and erasing a person everywhere."""
