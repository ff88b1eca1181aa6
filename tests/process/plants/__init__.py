"""All of them, by row."""

from tests.process.plants import differing, hostile, silent
from tests.process.plants.registry import PLANTED

__all__ = ["PLANTED", "differing", "hostile", "silent"]
