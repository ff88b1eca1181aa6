"""For process designers: deploying diagrams, decision tables and forms, and reading them back as they came."""

from api.designer.blueprint import blueprint

__all__ = ["blueprint"]
