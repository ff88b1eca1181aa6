"""The built-in functions of DMN 1.5, by topic."""

from __future__ import annotations

from engine.feel.builtins import booleans, contexts, dates, lists, numbers, ranges, strings
from engine.feel.builtins.registry import BUILTINS

__all__ = ["BUILTINS", "booleans", "contexts", "dates", "lists", "numbers", "ranges", "strings"]
