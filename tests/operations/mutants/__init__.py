"""Planted bugs of migration: each makes it wrong in one way; the random migrations must see every one."""
