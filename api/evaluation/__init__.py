"""For process designers: what an expression or a decision table says of given or real data. Nothing is stored."""

from api.evaluation.blueprint import blueprint

__all__ = ["blueprint"]
