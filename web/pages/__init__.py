"""One blueprint, one module per group of pages."""

from web.pages import (
    audit,
    design,
    indicators,
    instances,
    operations,
    pregnancies,
    registration,
    search,
    sign_in,
    statistics,
    tasks,
    trying,
)
from web.pages.blueprint import bp

__all__ = [
    "audit",
    "bp",
    "design",
    "indicators",
    "instances",
    "operations",
    "pregnancies",
    "registration",
    "search",
    "sign_in",
    "statistics",
    "tasks",
    "trying",
]
