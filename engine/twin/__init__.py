"""SpiffWorkflow as the twin: a second reading of BPMN that must agree before a diagram goes live."""

from engine.twin.check import Comparison, compare

__all__ = ["Comparison", "compare"]
