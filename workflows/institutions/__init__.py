"""Institutions: what they owe by the calendar, what is known of them, what they tell each other."""
