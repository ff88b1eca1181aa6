"""One blueprint, one module per group of pages."""

from web.pages import (
    audit,
    batches,
    design,
    holding,
    indicators,
    instances,
    migrations,
    moves,
    operations,
    pregnancies,
    region,
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
    "batches",
    "bp",
    "design",
    "holding",
    "indicators",
    "instances",
    "migrations",
    "moves",
    "operations",
    "pregnancies",
    "region",
    "registration",
    "search",
    "sign_in",
    "statistics",
    "tasks",
    "trying",
]
