"""The bug: what a worker outside was given is not remembered under its key: whoever had no answer gets other jobs."""

from api.jobs import activation

CAUGHT_BY = "R02-county"
SMALL = {"names": ("a worker outside takes a job",)}


def plant():
    hand_out = activation.hand_out
    activation.hand_out = lambda services, asked, idempotency: hand_out(services, asked, None)
