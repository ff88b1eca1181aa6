"""`People`: the one door to accounts, sign-in, tokens and audit. Times here are the machine's, also under a manual
clock: a rehearsal that skips a year must not sign everybody out."""

from __future__ import annotations

from workflows.people.apps import Apps
from workflows.people.door import Door
from workflows.people.hospitals import Hospitals
from workflows.people.registry import Registry
from workflows.people.trail import Trail


class People(Registry, Door, Apps, Hospitals, Trail):
    """What the other rooms are given as `services.people`."""
