"""One side of a referral between two installations, in a process of its own that may die at a named point.

python -m runtime.trials.referral_loop web [POINT]    serves; dies while a FHIR write is in its transaction
python -m runtime.trials.referral_loop tell [POINT]   tells the other side everything that is due; dies on the way
"""

from __future__ import annotations

import sys
from typing import Any

from engine.clock import system_clock
from fhir_adapters.partners import telling
from fhir_adapters.partners.channel import Channel
from runtime import settings, web_process
from runtime.subscribers import own_connection
from runtime.trials.crash_points import Armed, die
from runtime.wiring import build

RECEIVING = ("before_the_commit", "after_the_commit_before_it_is_known")
SENDING = ("before_it_is_sent", "after_it_was_sent", "after_it_was_noted_before_the_commit", "after_the_commit")


def arm_sender(point: str) -> None:
    """What is sent are writes; questions pass."""
    asked, settled = Channel.ask, telling.rows.settle

    def ask(self: Channel, method: str, *arguments: Any, **rest: Any) -> Any:
        if method != "GET" and point == "before_it_is_sent":
            die()
        answer = asked(self, method, *arguments, **rest)
        if method != "GET" and point == "after_it_was_sent":
            die()
        return answer

    def settle(*arguments: Any, **rest: Any) -> None:
        settled(*arguments, **rest)
        if point == "after_it_was_noted_before_the_commit":
            die()

    Channel.ask = ask  # type: ignore[method-assign]
    telling.rows.settle = settle  # type: ignore[assignment]


def tell(point: str | None) -> None:
    services = build(settings.read())
    if point:
        arm_sender(point)
    teller = telling.Teller(region_id=services.region_id, clock=services.clock, wall=system_clock)
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        while teller.tell_next(conn):
            if point == "after_the_commit":
                die()
    services.close()


def serve(point: str | None) -> None:
    if point:
        Armed(point, "ApplyBundle")
    web_process.run(settings.read())


if __name__ == "__main__":
    role, wanted = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    {"web": serve, "tell": tell}[role](wanted)
