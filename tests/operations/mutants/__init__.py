"""Planted bugs of migration: each makes it wrong in one way; the random migrations must see every one.

They stand apart from `tests/mutants`: those make processes of a trial wrong for as long as they live, and a bar judges
what is left in a database. A migration is a pure function of a state. Its judge is the twin of `random_migrations`, in
the test's own process and within seconds, so a bug is planted with `monkeypatch` and taken out again.
"""
