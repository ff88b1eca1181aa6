"""For whoever runs the engine: instances, what they wait for, what happened, incidents."""

from api.operations.blueprint import blueprint

__all__ = ["blueprint"]
