"""R13: eight receivers that subscribe to the same results, and one of them is well. The others are down for days,
answer 500 or 429, take and do not answer, refuse one event for ever, or show a certificate that nobody can believe.
Nobody misses anything that can be told, of one woman nothing comes out of order, what cannot be told is known exactly,
and nobody who fails is asked more than twice a second.

The judge knows what was sent in, and what each receiver wrote down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from fhir_adapters.store.subscriptions import Subscriptions
from runtime.demo.county import settle_people
from runtime.start import deploy_shipped
from runtime.subscribers import own_connection, sender_for, tell
from runtime.trials.county_site import Site
from runtime.trials.engines import BEGIN
from runtime.trials.messages import NAMES, registered
from runtime.trials.notified import Asked, Receiver, Receivers, receivers, served
from runtime.trials.verdict import at_least, at_most, none_of, verdict

WOMEN = 5
LONGEST = timedelta(hours=82)  # until then everything has come to rest
BURSTS = 6  # the results come over the first hours, not at once
STEP = timedelta(minutes=45)
SECRET = "a secret of the trial"
TIMEOUT_S = 1
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
NEVER = frozenset({"wrong-tls"})
SAID = 5
_DUE = "SELECT min(due_at) FROM subscription WHERE status IN ('requested', 'active')"
_STANDING = "SELECT id, status::text, owner, event_count, sent_number FROM subscription"
_PARKED = "SELECT subscription_id, id, version FROM subscription_event WHERE parked"
LOST = ("down-80-hours", "wrong-tls")  # whom nobody tells any more in the end


@dataclass
class Sent:
    """What was sent in, in order: whose, and which version of which resource."""

    made: list[tuple[int, str, int]] = field(default_factory=list)

    def of(self, woman: int) -> list[tuple[str, int]]:
        return [(id_, version) for whose, id_, version in self.made if whose == woman]


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n`: results that are sent in."""
    with TemporaryDirectory(prefix="yuntu-") as home, Site(url, home) as site:
        settle_people(site.services)
        deploy_shipped(site.services)
        site.sign_in()
        trial = _Trial(site, url, seed, say)
        made = receivers(seed, trial.poison)
        with served(made, site.services.clock, BEGIN, home) as open_, psycopg.connect(url, autocommit=True) as judge:
            return trial.run(open_, judge, n)


class _Trial:
    def __init__(self, site: Site, url: str, seed: int, say: Callable[[str], None]) -> None:
        self._site, self._url, self._say = site, url, say
        self._chance = Random(seed)
        self.sent = Sent()
        self._poison: str | None = None
        self._ahead = timedelta(0)

    def poison(self) -> str | None:
        return self._poison

    def run(self, open_: Receivers, judge: Any, n: int) -> dict[str, Any]:
        women = [registered(self._site, number)[0] for number in range(WOMEN)]
        by_id = {self._subscribe(open_.url(name)): name for name in open_.by_name}
        self._tell()
        for burst in range(BURSTS):
            for number in range(burst * n // BURSTS, (burst + 1) * n // BURSTS):
                self._send(women, number, n)
            self._tell()
            self._go(self._ahead + STEP)
        self._until_all_rests(judge, LONGEST)
        given_up = self._standing(judge, by_id)
        again = next(id_ for id_, name in by_id.items() if name == "down-80-hours")
        self._go(max(self._ahead, LONGEST))
        self._site.ask("POST", f"/api/deliveries/subscriptions/{again}/replay", {"from": 1}, who="it")
        self._until_all_rests(judge, LONGEST + timedelta(hours=2))
        return self._judged(open_, judge, by_id, given_up, n)

    # --- what happens ---

    def _subscribe(self, address: str) -> str:
        services = self._site.services
        with services.pool.connection() as conn:
            client = services.people.client("his-demo")
            assert client is not None
            rows = Subscriptions(conn, services.region_id)
            rows.put_endpoint(client.id, address, "loopback", [SECRET], services.clock())
        extension = [{"url": f"{BACKPORT}/backport-timeout", "valueUnsignedInt": TIMEOUT_S}]
        channel = {"type": "rest-hook", "endpoint": address, "payload": "application/fhir+json", "extension": extension}
        codes = ",".join(f"http://loinc.org|{code}" for code in sorted(NAMES))
        wish = {
            "resourceType": "Subscription", "status": "requested", "reason": "试验",
            "criteria": f"Observation?code={codes}", "channel": channel,
        }  # fmt: skip
        return str(self._site.ask("POST", "/fhir/Subscription", wish).get_json(force=True)["id"])

    def _send(self, women: Sequence[str], number: int, n: int) -> None:
        """A new result, or another version of one that is there."""
        woman, known = self._chance.randrange(WOMEN), None
        mine = self.sent.of(woman)
        if mine and self._chance.random() < 0.25:
            known = self._chance.choice(sorted({id_ for id_, _ in mine}))
        resource = {
            "resourceType": "Observation",
            **({"id": known} if known else {}),
            "status": "amended" if known else "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": self._chance.choice(sorted(NAMES))}]},
            "subject": {"reference": f"Patient/{women[woman]}"},
            "effectiveDateTime": (BEGIN - timedelta(minutes=number)).isoformat(),
            "valueString": f"{number}",
        }
        path = f"/fhir/Observation/{known}" if known else "/fhir/Observation"
        told = self._site.ask("PUT" if known else "POST", path, resource).get_json(force=True)
        self.sent.made.append((woman, told["id"], int(told["meta"]["versionId"])))
        if self._poison is None and number >= n // 3 and known is None:  # what was told before is no poison
            self._poison = told["id"]

    def _tell(self) -> None:
        services = self._site.services
        with own_connection(self._url, services.region_id) as conn:
            tell(services, conn, sender_for(services))

    def _go(self, ahead: timedelta) -> None:
        self._ahead = ahead
        self._site.go(ahead)

    def _until_all_rests(self, judge: Any, limit: timedelta) -> None:
        """From what is due to what is due next."""
        while True:
            self._tell()
            due = judge.execute(_DUE).fetchone()[0]
            if due is None or due - BEGIN > limit:
                return
            self._go(max(self._ahead, due - BEGIN))
            self._say(f"{self._ahead.total_seconds() / 3600:.1f} hours after the beginning")

    # --- what is judged ---

    def _standing(self, judge: Any, by_id: dict[str, str]) -> dict[str, tuple[str, str | None]]:
        return {by_id[id_]: (status, owner) for id_, status, owner, _, _ in judge.execute(_STANDING).fetchall()}

    def _judged(
        self, open_: Receivers, judge: Any, by_id: dict[str, str], given_up: dict[str, tuple[str, str | None]], n: int
    ) -> dict[str, Any]:
        wanted = [(id_, version) for _, id_, version in self.sent.made]
        parked = {(by_id[whose], id_, version) for whose, id_, version in judge.execute(_PARKED).fetchall()}
        to_be_parked = {("one-is-poison", *one) for one in wanted if one[0] == self._poison}
        standing = self._standing(judge, by_id)
        untold = {by_id[id_]: count - sent for id_, _, _, count, sent in judge.execute(_STANDING).fetchall()}
        missing, strange, disorder = Counter[str](), Counter[str](), Counter[str]()
        for name, receiver in open_.by_name.items():
            taken, hers = receiver.taken(), set(wanted)
            if name == "one-is-poison":
                hers = {one for one in wanted if one[0] != self._poison}
            if name not in NEVER:
                missing[name] = len(hers - set(taken))
            strange[name] = len(set(taken) - hers)
            disorder[name] = sum(_out_of_order(self.sent.of(woman), taken) for woman in range(WOMEN))
        figures = {
            "results": n,
            "receivers": len(open_.by_name),
            "requests": sum(len(one.asked) for one in open_.by_name.values()),
            "failed_requests": sum(not one.taken for r in open_.by_name.values() for one in r.asked),
            "told_again": sum(len(r.taken()) - len(set(r.taken())) for r in open_.by_name.values()),
            "missing": sum(missing.values()),
            "of_no_result": sum(strange.values()),
            "out_of_order": sum(disorder.values()),
            "parked_wrongly": len(parked ^ to_be_parked),
            "given_up_wrongly": sum(
                (status == "error") != (name in ("down-80-hours", "wrong-tls"))
                for name, (status, _) in given_up.items()
            ),
            "without_an_owner": sum(status == "error" and not owner for status, owner in given_up.values()),
            "wrong_at_the_end": sum(
                (status == "error") != (name in NEVER) or (untold[name] == 0) == (name in NEVER)
                for name, (status, _) in standing.items()
            ),
            "sent_to_whom_nobody_believes": len(open_.by_name["wrong-tls"].taken()),
            "most_tries_in_a_second": max(_storm(one.asked) for one in open_.by_name.values()),
            "came_before_it_was_asked_to": sum(_too_soon(one) for one in open_.by_name.values()),
        }
        known = ("results", "receivers", "requests", "failed_requests", "told_again", "most_tries_in_a_second")
        limits = {
            **none_of(*(name for name in figures if name not in known)),
            "most_tries_in_a_second": at_most(2),
            "failed_requests": at_least(10),
            "told_again": at_least(1),
        }
        said = {name: count for counter in (missing, disorder) for name, count in counter.items() if count}
        return verdict("R13", figures, limits, first_faults=dict(list(said.items())[:SAID]), given_up=given_up)


def _out_of_order(sent: list[tuple[str, int]], taken: list[tuple[str, int]]) -> int:
    """Of one woman: how often something was told for the first time after what came later."""
    place = {one: at for at, one in enumerate(sent)}
    first: list[int] = []
    for one in taken:
        if one in place and place[one] not in first:
            first.append(place[one])
    return sum(second < at for at, second in pairwise(first))


def _storm(asked: list[Asked]) -> int:
    """The most requests within one second that came after one that failed."""
    retries = [b.at for a, b in pairwise(asked) if not a.taken]
    second = timedelta(seconds=1)
    return max((sum(at <= other < at + second for other in retries) for at in retries), default=0)


def _too_soon(receiver: Receiver) -> int:
    """How often the next request came before the time that the receiver had named."""
    return sum(a.after is not None and b.at < a.at + a.after for a, b in pairwise(receiver.asked))
