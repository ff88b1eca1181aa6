"""People and hospital systems: who they are, how they sign in, what they may know and do."""

from workflows.people.directory import People
from workflows.people.model import AccessToken, Account, Client, Organisation, Principal, Session
from workflows.people.roles import ROLES, may_know_purple
from workflows.people.visibility import can_read, can_write, may_complete, may_read_woman, may_see

__all__ = [
    "ROLES",
    "AccessToken",
    "Account",
    "Client",
    "Organisation",
    "People",
    "Principal",
    "Session",
    "can_read",
    "can_write",
    "may_complete",
    "may_know_purple",
    "may_read_woman",
    "may_see",
]
