"""How it stands with each hospital system: what it asked for, what it was refused, what waits. Counts and places, and
never what a resource says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from engine.clock import CHINA, system_clock
from engine.errors import NotFound
from fhir_adapters.store import arrivals, tolerances, traffic
from fhir_adapters.store.subscriptions import Subscribed, Subscriptions
from fhir_adapters.store.traffic import Counted
from workflows.people.model import Client

RECENT = timedelta(days=90)
KEPT = timedelta(days=400)  # a year and the month before it, to compare with
WAITING = ("waiting", "not-understood")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One line of the list."""

    client: Client
    last_seen_at: datetime | None
    waiting: int  # arrivals that a person is to look at
    unmapped: int  # tasks "map code"
    untold: int  # events of its subscriptions
    in_trouble: int  # subscriptions in error


@dataclass(frozen=True, kw_only=True)
class Told:
    found: Subscribed
    oldest_at: datetime | None

    @property
    def waiting(self) -> int:
        return self.found.event_count - self.found.sent_number


@dataclass(frozen=True, kw_only=True)
class Detail:
    standing: Standing
    counts: list[Counted]
    arrived: list[arrivals.Counted]
    subscriptions: list[Told] = field(default_factory=list)

    def of(self, kind: str) -> list[Counted]:
        return [one for one in self.counts if one.kind == kind]

    def total(self, kind: str) -> int:
        return sum(one.count for one in self.of(kind) if one.place != "Bundle.entry")

    def summed(self, kind: str) -> list[Counted]:
        """Over the days: by what and where, most first."""
        found: dict[tuple[str, ...], Counted] = {}
        for one in self.of(kind):
            key = (one.type, one.interaction, one.detail, one.place)
            before = found.get(key)
            found[key] = _sum(before, one) if before else one
        return sorted(found.values(), key=lambda one: (-one.count, one.type, one.interaction, one.detail, one.place))


def _sum(one: Counted, other: Counted) -> Counted:
    newest = max(one, other, key=lambda c: c.last_at)
    return Counted(
        on_day=newest.on_day, kind=one.kind, type=one.type, interaction=one.interaction, detail=one.detail,
        place=one.place, count=one.count + other.count, last_at=newest.last_at,
    )  # fmt: skip


def today() -> date:
    """The machine's, as the counts are."""
    return system_clock().astimezone(CHINA).date()


def standings(services: Any) -> list[Standing]:
    clients = services.people.clients()
    with services.pool.connection() as conn:
        region = services.region_id
        seen = traffic.last_seen(conn, region, today() - RECENT)
        waiting = _waiting(arrivals.counts(conn, region))
        unmapped = tolerances.count_unmapped(conn, region)
        told = Subscriptions(conn, region).of()
    return [_standing(client, seen, waiting, unmapped, told) for client in clients]


def _waiting(counts: Iterable[arrivals.Counted]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        if one.state in WAITING:
            found[one.client] = found.get(one.client, 0) + one.arrivals
    return found


def _standing(
    client: Client,
    seen: Mapping[str, datetime],
    waiting: Mapping[str, int],
    unmapped: Mapping[str, int],
    told: Iterable[Subscribed],
) -> Standing:
    its = [one for one in told if one.client_id == client.id]
    return Standing(
        client=client,
        last_seen_at=seen.get(client.name),
        waiting=waiting.get(client.name, 0),
        unmapped=unmapped.get(client.name, 0),
        untold=sum(one.event_count - one.sent_number for one in its),
        in_trouble=sum(one.status == "error" for one in its),
    )


def detail(services: Any, name: str, days: int) -> Detail:
    """Raises NotFound."""
    standing = next((one for one in standings(services) if one.client.name == name), None)
    if standing is None:
        raise NotFound("没有这个系统", "no such client")
    with services.pool.connection() as conn:
        region = services.region_id
        counts = traffic.of_client(conn, region, name, today() - timedelta(days=days - 1))
        arrived = [one for one in arrivals.counts(conn, region) if one.client == name]
        rows = Subscriptions(conn, region)
        told = [Told(found=one, oldest_at=rows.oldest_waiting(one)) for one in rows.of(client_id=standing.client.id)]
    return Detail(standing=standing, counts=counts, arrived=arrived, subscriptions=told)


def keys_of(client: Client) -> list[dict[str, Any]]:
    """What may be shown of its public keys."""
    return [
        {"kid": key.get("kid"), "kty": key.get("kty"), "alg": key.get("alg"), "crv": key.get("crv")}
        for key in client.jwks.get("keys", ())
    ]


def forget(services: Any) -> int:
    """Counts of long ago."""
    with services.pool.connection() as conn, conn.transaction():
        return traffic.forget(conn, services.region_id, today() - KEPT)
