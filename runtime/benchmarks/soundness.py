"""`yuntu bench soundness`: the product's diagrams searched, planted faults found, sound diagrams left in peace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.rehearsal import Library
from engine.rehearsal.soundness import Soundness, examine
from engine.twin.rewrite import rewrite
from engine.twin.walk import guesses_for
from runtime.benchmarks.planted_diagrams import SOUND, UNSOUND, Planted, planted
from runtime.commands.shelf import Shelf, values_beside

PRODUCT = Path(__file__).resolve().parents[2] / "bpmn"
LONGEST_S = 5.0  # of processor time
PATIENCE_S = 60.0  # a loaded machine is no finding


def measure() -> dict[str, Any]:
    """In the shape of a benchmark; `details` holds what was missed, what was a false alarm, how long each took."""
    began = time.perf_counter()
    products = dict(product_diagrams())
    missed = [case.name for case in planted(UNSOUND) if not is_found(case, look_at(case))]
    alarms = {case.name: _told(found) for case in planted(SOUND) if (found := look_at(case)).findings}
    unfinished = [name for name, (_, found) in products.items() if not found.complete]
    slowest = max(seconds for seconds, _ in products.values())
    details = {
        "planted": len(planted(UNSOUND)),
        "missed": missed,
        "sound": len(planted(SOUND)),
        "false_alarms": alarms,
        "slowest_s": round(slowest, 2),
        "limit_s": LONGEST_S,
        "unfinished": unfinished,
        "diagrams": {name: _row(seconds, found) for name, (seconds, found) in products.items()},
        "pass": not missed and not alarms and not unfinished and slowest <= LONGEST_S,
    }
    nothing = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "bytes_per_instance", "pgbench_rate", "ratio"))
    seconds = round(time.perf_counter() - began, 1)
    return {"name": "soundness", "seconds": seconds, "rate": None, "unit": "diagrams", **nothing, "details": details}


def product_diagrams() -> Iterator[tuple[str, tuple[float, Soundness]]]:
    """Each diagram of the product with all that it calls: seconds of the processor, and what was found."""
    for path in sorted(PRODUCT.glob("*.bpmn")):
        shelf = Shelf([path])
        process_id = next(iter(shelf.library.programs))
        shelf.complete(process_id)
        closure = shelf.library.closure(process_id)
        variables, known = values_beside(path)
        began = time.process_time()
        picks = guesses_for([rewrite(xml) for xml in shelf.diagrams(closure.programs)], known)
        found = examine(closure, picks, variables=variables, seconds=PATIENCE_S)
        yield path.name, (time.process_time() - began, found)


def look_at(case: Planted) -> Soundness:
    """The search as a deployment makes it."""
    library = Library()
    library.add_diagram(case.xml)
    return examine(library.closure("main"), guesses_for([rewrite(case.xml)]))


def is_found(case: Planted, found: Soundness) -> bool:
    """A finding of the right kind names the element, and where it has a way, the way can be told."""
    return any(
        finding.kind in case.kinds
        and not set(case.at.split()).isdisjoint(place.rpartition("/")[2] for place in finding.element_ids)
        for finding in found.findings
    )


def _told(found: Soundness) -> list[str]:
    return [f"{finding.kind} {' '.join(finding.element_ids)}" for finding in found.findings]


def _row(seconds: float, found: Soundness) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 2),
        "states": found.states,
        "complete": found.complete,
        "why": found.why,
        "findings": _told(found),
    }
