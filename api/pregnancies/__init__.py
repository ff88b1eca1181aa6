"""`/api/pregnancies`: one woman's pregnancy at a glance."""

from api.pregnancies.blueprint import blueprint

__all__ = ["blueprint"]
