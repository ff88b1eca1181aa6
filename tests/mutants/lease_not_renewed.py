"""The bug: nobody renews what a worker is at, so that slow work is handed to a second one."""

from engine.leases import Leases

CAUGHT_BY = "R10"


def plant():
    Leases.beat = lambda self: None
