"""What was recorded wrongly is put right: the effect is known before it is done, what happened stays on record."""

from workflows.corrections.asking import reason_of
from workflows.corrections.dating import Effect, Moved, effect_of_lmp

__all__ = ["Effect", "Moved", "effect_of_lmp", "reason_of"]
