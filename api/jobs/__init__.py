"""For a hospital's own code: take jobs that a process waits for, do them anywhere, answer."""

from api.jobs.blueprint import blueprint

__all__ = ["blueprint"]
