"""Planning: the calendar and policies, what is free, bookings, and what was asked for in vain."""
