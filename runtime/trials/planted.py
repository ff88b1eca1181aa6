"""Planted bugs: `tests/mutants/NAME.py` each change one thing for the worse, in a trial's processes only.

A trial's process asks for it when it starts; the product has no way to load one.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "mutants"
VARIABLE = "YUNTU_TRIAL_MUTANT"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def plant_what_is_asked_for() -> None:
    """At the start of each process of a trial, before it does anything."""
    if name := os.environ.get(VARIABLE):
        plant(name)


def plant(name: str) -> None:
    """From now on this process is wrong in one way, and so is every process that it starts."""
    os.environ[VARIABLE] = name
    spec = importlib.util.spec_from_file_location(f"mutant_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.plant()
