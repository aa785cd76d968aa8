"""Who has not paid in time, and the reminders: one level at a time, by letter and by mail."""
