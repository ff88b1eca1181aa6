"""W6: a burst of ten thousand results, some early, some sent twice, some for nobody."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import psycopg

from engine.commands.contracts import Deploy, PublishMessage, StartInstance
from engine.engine import Engine
from runtime.benchmarks.load import MIDWIFE, REGION, START_LIMIT_S
from runtime.benchmarks.population import Progress
from runtime.benchmarks.servers import Bench, bare_engine, quantile
from runtime.benchmarks.workloads import HEAD

MESSAGES = 10_000
EARLY, TWICE, FOR_NOBODY = 0.20, 0.05, 0.02
LATE_LIMIT_S = 60.0
RESULT = f"""{HEAD}<bpmn:message id="m" name="lab_result"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=case"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="lab" isExecutable="true"><bpmn:startEvent id="start"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
<bpmn:intermediateCatchEvent id="wait"><bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>
<bpmn:sequenceFlow id="f2" sourceRef="wait" targetRef="end"/><bpmn:endEvent id="end"/>
</bpmn:process></bpmn:definitions>""".encode()


@dataclass(frozen=True)
class Sent:
    """One message of the burst. `starts`: its case begins only when it has been sent."""

    key: str
    number: str
    starts: bool


def measure(bench: Bench, say: Progress) -> dict[str, Any]:
    url = bench.database()
    messages, cases = burst(int(MESSAGES * bench.scale))
    with bare_engine(url) as engine:
        engine.execute(Deploy(files={"lab.bpmn": RESULT}), by=MIDWIFE)
        for case in cases:
            _start(engine, case)
    say(f"{len(cases):,} cases wait, {len(messages):,} messages come")
    began = time.monotonic()
    results, latencies = _send(url, messages, bench.processes)
    settled = _settle(url)
    seconds = time.monotonic() - began
    ordered = sorted(latencies)
    return {
        "name": "W6",
        "seconds": round(seconds, 2),
        "rate": round(len(messages) / seconds, 1),
        "unit": "messages/s",
        "p50_ms": quantile(ordered, 0.50),
        "p95_ms": quantile(ordered, 0.95),
        "p99_ms": quantile(ordered, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "messages": len(messages),
            "answers": dict(sorted(results.items())),
            "early": sum(message.starts for message in messages),
            **settled,
            "processes": bench.processes,
        },
    }


def burst(count: int) -> tuple[list[Sent], list[str]]:
    """The messages in their order, and the cases that wait before the first comes."""
    chance = random.Random(6)
    early, twice, nobody = (int(count * share) for share in (EARLY, TWICE, FOR_NOBODY))
    for_cases = [Sent(f"case-{n}", f"number-{n}", n < early) for n in range(count - twice - nobody)]
    stray = [Sent(f"nobody-{n}", f"stray-{n}", False) for n in range(nobody)]
    messages = [*for_cases, *stray]
    chance.shuffle(messages)
    for again in chance.sample(for_cases, twice):
        at = messages.index(again)
        messages.insert(chance.randrange(at + 1, len(messages) + 1), Sent(again.key, again.number, False))
    return messages, [message.key for message in for_cases if not message.starts]


def _start(engine: Engine, case: str) -> None:
    engine.execute(StartInstance(definition_key="lab", business_key=case, variables={"case": case}), by=MIDWIFE)


def _send(url: str, messages: list[Sent], processes: int) -> tuple[Counter[str], list[float]]:
    context = get_context("spawn")
    barrier, answers = context.Barrier(processes), context.Queue()
    started = [
        context.Process(target=work, args=(url, messages[n::processes], barrier, answers)) for n in range(processes)
    ]
    for process in started:
        process.start()
    parts = [answers.get(timeout=START_LIMIT_S + len(messages) / 10) for _ in started]
    for process in started:
        process.join()
    return sum((counted for counted, _ in parts), Counter()), [ms for _, times in parts for ms in times]


def work(url: str, messages: list[Sent], barrier: Any, answers: Any) -> None:
    """The body of a sending process."""
    counted: Counter[str] = Counter()
    latencies = []
    with bare_engine(url) as engine:
        barrier.wait()
        for message in messages:
            command = PublishMessage(name="lab_result", key=message.key, message_id=message.number)
            began = time.perf_counter()
            counted[engine.execute(command, by=MIDWIFE).result] += 1
            latencies.append((time.perf_counter() - began) * 1000)
            if message.starts:
                _start(engine, message.key)
    answers.put((counted, latencies))


def _settle(url: str) -> dict[str, Any]:
    """Until nothing is on its way any more; then every case has its result once, and nobody's results still wait."""
    with bare_engine(url) as engine:
        deadline = time.monotonic() + LATE_LIMIT_S
        while engine.run_due(1000) and time.monotonic() < deadline:
            pass
    states: dict[str, int]
    statuses: dict[str, int]
    with psycopg.connect(url) as conn:
        states = dict(
            conn.execute(
                "SELECT state::text, count(*) FROM message WHERE region_id = %s GROUP BY 1", [REGION]
            ).fetchall()
        )
        statuses = dict(
            conn.execute(
                "SELECT status::text, count(*) FROM instance WHERE region_id = %s GROUP BY 1", [REGION]
            ).fetchall()
        )
        query = (
            "SELECT count(*) FROM (SELECT FROM message WHERE region_id = %s AND state = 'delivered'"
            " GROUP BY instance_id HAVING count(*) > 1) AS twice"
        )
        (twice,) = conn.execute(query, [REGION]).fetchone() or (None,)
    return {"message_states": states, "instance_states": statuses, "received_twice": twice}
