"""The SQL of people: accounts, sessions, tokens, hospital systems, audit, and the hand-moved clock's neighbours."""
