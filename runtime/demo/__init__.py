"""The demonstration county: organisations, accounts, a hospital system, and women who do not exist."""
