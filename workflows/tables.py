"""The pathway's decision tables, for rules that run beside a form rather than in a diagram: as they are published, and
where nobody asks on behalf of an installation, as the product ships them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.clock import CHINA
from engine.dmn import Definitions, read_decisions
from engine.errors import NotFound
from engine.feel import to_plain

ABSENT = frozenset({"not-performed", "asked-unknown"})  # 未查, 不详: said, but no value

FOLDER = Path(__file__).parents[1] / "bpmn" / "decisions"


@cache
def _definitions() -> Mapping[str, Definitions]:
    found = {}
    for path in sorted(FOLDER.glob("*.dmn")):
        definitions = read_decisions(path.read_bytes())
        found.update(dict.fromkeys(definitions.decisions, definitions))
    return found


_PUBLISHED: ContextVar[Callable[[str], Definitions] | None] = ContextVar("published", default=None)


@contextmanager
def as_published(
    services: Any, reading: Callable[[], AbstractContextManager[Any]], catalogue: int | None = None
) -> Iterator[None]:
    """Inside, a decision is the newest version that this installation has published (D-9: what is filled in now is
    looked at by the criteria of now; a result that stands is not looked at again). `reading` gives a connection;
    `catalogue`: the number that came with what was read already, so that nothing has to be asked."""

    asked: dict[str, Definitions] = {}  # one act is looked at by one version of each

    def newest(decision: str) -> Definitions:
        if decision not in asked:
            known = None if catalogue is None else services.engine.decision_in_memory(decision, catalogue)
            if known is None:
                with reading() as conn:
                    known = services.engine.decision_model(decision, conn=conn)[0]
            asked[decision] = known
        return asked[decision]

    token = _PUBLISHED.set(newest)
    try:
        yield
    finally:
        _PUBLISHED.reset(token)


def evaluate(decision: str, context: Mapping[str, Any], on: date) -> Any:
    """The plain value of a decision on that day (noon in China)."""
    now = datetime(on.year, on.month, on.day, 12, tzinfo=CHINA)
    return to_plain(_model(decision).evaluate(decision, dict(context), now=now, explained=False).value)


def _model(decision: str) -> Definitions:
    published = _PUBLISHED.get()
    if published is not None:
        with suppress(NotFound):
            return published(decision)
    return _definitions()[decision]


def screening_items(facts: Mapping[str, Any], on: date) -> list[str]:
    """D2: codes of the screening items that the facts show."""
    return list(evaluate("screening_auto", {"facts": measured(facts)}, on))


def grading_criteria(facts: Mapping[str, Any], policy: Mapping[str, Any], on: date) -> list[str]:
    """D3: codes of the criteria that the facts show."""
    return list(evaluate("grading_auto", {"facts": measured(facts), "policy": policy}, on))


def findings(found: Mapping[str, Any], policy: Mapping[str, Any], on: date) -> list[dict[str, Any]]:
    """D8: what one visit shows: `code`, `level` (info, warn, urgent, emergency) and `text` of each finding."""
    return list(evaluate("findings", {"found": measured(found), "policy": policy}, on))


# D13 looks at the worst value since the pregnancy began, where it is known
WORST = {"plt": "plt_lowest", "creatinine": "creatinine_highest", "bilirubin_total": "bilirubin_total_highest"}


RED_CELLS = "red_cells_u_total"  # U, of every record since the pregnancy began


def near_miss_found(facts: Mapping[str, Any], on: date, red_cells_u: Any = None) -> list[str]:
    """D13: the organs whose dysfunction her results, and the red cells she was given, show by themselves.

    red_cells_u: in all, where the form that is filled in adds to what is on record."""
    found = {name: facts.get(worst, facts.get(name)) for name, worst in WORST.items()}
    found["red_cells_u"] = facts.get(RED_CELLS) if red_cells_u is None else red_cells_u
    return list(evaluate("near_miss_found", {"found": measured(found)}, on))


def row_of(code: str) -> dict[str, Any] | None:
    """A screening item or grading criterion by its code: group, text, input, verified, mark. None for no such code."""
    table = "screening_rows" if code.startswith("S-") else "grading_rows"
    found = evaluate(table, {"code": code}, date.min)
    return dict(found) if found is not None else None


def measured(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not measured: a text in a column of numbers would silence the whole table."""
    return {name: value for name, value in facts.items() if not (isinstance(value, str) and value in ABSENT)}


def aggregate(criteria: list[str], policy: Mapping[str, Any], on: date) -> dict[str, Any]:
    """D4: `colour`, `purple` and `scheme` of a set of criteria."""
    return dict(evaluate("risk_grading_result", {"criteria": criteria, "policy": policy}, on))
