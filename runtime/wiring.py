"""Puts the rooms together: the one place that knows which engine, which clock, which database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from engine.clock import Clock, system_clock
from engine.errors import Busy
from engine.problems import Problem, Refused
from engine.store.connections import for_region, open_pool
from fhir_adapters import bundles, directory
from fhir_adapters.arrivals import applying
from fhir_adapters.corrections import identity, merging, results, unmerging
from fhir_adapters.facts import read_facts
from fhir_adapters.patients import Patients
from fhir_adapters.projection import projector
from runtime import holidays
from runtime.clock import ManualClock
from runtime.database import embedded
from runtime.measured import MeasuredEngine as Engine
from runtime.measured import Meter, latencies
from runtime.settings import Settings
from runtime.timekeeper import Timekeeper
from workflows import audited, duplicates, intake, jobs_outside, leads, moving_in, occasions
from workflows.corrections import carrying_out, grading
from workflows.form_library import FormLibrary, read_form
from workflows.institutions import calendar, imports, sweep
from workflows.people import People
from workflows.regions import Pack, load_pack
from workflows.services import Services

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


def build(
    settings: Settings, *, clock: Clock | None = None, connections: int = 8, regions: Callable[[str], Pack] = load_pack
) -> Services:
    """Everything a process needs. Starts the embedded database where none runs. `clock` and `regions` replace the
    configured one and the shipped packs."""
    server = None if settings.database_url else embedded.attach(settings.home)
    url = settings.database_url or (server.application_url() if server else "")
    manual = ManualClock(settings.direct_url or url) if settings.manual_clock_at is not None and clock is None else None
    chosen: Clock = clock or manual or system_clock
    pool = open_pool(url, min_size=1, max_size=connections, prepares=settings.prepares)

    def close() -> None:
        pool.close()
        if manual:
            manual.close()
        if server:
            server.release()

    return assemble(settings, pool=pool, clock=chosen, manual=manual, close=close, regions=regions)


def assemble(
    settings: Settings,
    *,
    pool: Any,
    clock: Clock,
    manual: ManualClock | None,
    close: Callable[[], None],
    regions: Callable[[str], Pack] = load_pack,
) -> Services:
    """The services over a pool that exists: what tests and rehearsals use."""
    region_id = settings.region_id
    holidays.use(settings.holidays)
    regional = for_region(pool, region_id, settings.direct_url)
    holder: list[Services] = []
    meter = Meter(settings.home / "metrics")
    engine = Engine(
        pool,
        meter=meter,
        clock=clock,
        region_id=region_id,
        projection=projector(lambda key, version: holder[0].forms.get(key, version)),
        handlers=handlers(lambda: holder[0]),
        form_check=check_form,
        fires_at_due_time=manual is not None,
        timer_spread=timedelta(seconds=settings.timer_spread_s),
    )
    services = Services(
        engine=engine,
        pool=regional,
        clock=clock,
        region_id=region_id,
        forms=FormLibrary(engine.read, region_id),
        regions=regions,
        people=People(regional, region_id),
        settings=settings,
        facts=lambda conn, pregnancy_id: read_facts(conn, region_id, pregnancy_id),
        patients=Patients(region_id, clock),
        directory_changed=lambda: _publish_directory(holder[0]),
        timekeeper=Timekeeper(engine, manual) if manual else None,
        database_is_away=database_is_away,
        latencies=lambda: latencies(meter.folder),
        close=close,
    )
    holder.append(services)
    return services


def database_is_away(error: BaseException) -> bool:
    """Whether this says that the database cannot be reached now, rather than that we asked it something wrong."""
    return isinstance(error, (*AWAY, Busy))


def check_form(content: bytes) -> list[Problem]:
    """What the engine is told about a form that is to be deployed."""
    try:
        return list(read_form(content).problems)
    except Refused as error:
        return list(error.problems)


def handlers(services: Callable[[], Services]) -> Mapping[type, Any]:
    """The commands of the rooms above the engine."""
    return {
        **intake.handlers(services),
        **leads.handlers(services),
        **moving_in.handlers(services),
        **duplicates.handlers(services),
        **occasions.handlers(services),
        **calendar.handlers(services),
        **sweep.handlers(services),
        **imports.handlers(services),
        **bundles.handlers(services),
        **applying.handlers(services),
        **audited.handlers(lambda: services().people),
        **jobs_outside.handlers(services),
        **carrying_out.handlers(lambda: services().people),
        **grading.handlers(services),
        **results.handlers(),
        **identity.handlers(services),
        **merging.handlers(services),
        **unmerging.handlers(services),
    }


def _publish_directory(services: Services) -> None:
    """Organisations are readable over FHIR as soon as they exist."""
    organisations = list(services.people.organisations().values())
    with services.pool.connection() as conn, conn.transaction():
        directory.save_organizations(conn, services.region_id, organisations, services.clock())
