"""All of them, by row."""

from tests.process.plants import capabilities, differing, hostile, silent
from tests.process.plants.registry import PLANTED

__all__ = ["PLANTED", "capabilities", "differing", "hostile", "silent"]
