"""Planted bugs. Each is a target of the kill trial that is wrong in one way; the oracle must catch every one."""
