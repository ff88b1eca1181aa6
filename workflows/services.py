"""What every room above works with: the engine, the people, the forms, the packs, put together by `runtime.wiring`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Clock
from engine.engine import Engine
from workflows.form_library import FormLibrary
from workflows.people import People


@dataclass(frozen=True, kw_only=True)
class Services:
    """`facts(conn, pregnancy_id)` answers what is known of a woman, whoever recorded it: name to a value with date and
    source. `patients` finds women and their banners. `close()` gives back connections and the database."""

    engine: Engine
    pool: Any
    clock: Clock
    region_id: str
    forms: FormLibrary
    regions: Any
    people: People
    settings: Any
    facts: Callable[[Any, str], Mapping[str, Any]]
    patients: Any
    directory_changed: Callable[[], None]  # after organisations were added: others show them too
    timekeeper: Any  # moves a manual clock; None under the machine's
    database_is_away: Callable[[BaseException], bool]
    latencies: Callable[[], Mapping[str, Any]]  # bounds in seconds, and by command how many transactions took how long
    close: Callable[[], None] = field(repr=False)
