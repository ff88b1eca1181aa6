"""For whoever finishes tasks: the list, the task, its form, claim, draft, completion."""

from api.tasks.blueprint import blueprint

__all__ = ["blueprint"]
