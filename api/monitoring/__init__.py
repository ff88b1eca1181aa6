"""For whoever keeps it running: is it alive, is it ready, how much waits. No word about any woman."""

from api.monitoring.blueprint import blueprint

__all__ = ["blueprint"]
