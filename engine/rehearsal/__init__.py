"""Run a definition without a database: the same interpreter, a clock in the hand, everything in memory.

Scenario files, the twin and the soundness search stand on this. Each step goes through the stored form of the state
(encode, decode), so that what passes here has been storable at every point.
"""

from engine.rehearsal.library import Library
from engine.rehearsal.rehearsal import Rehearsal

__all__ = ["Library", "Rehearsal"]
