"""What must stay linear: parallel blocks in a row, and a loop of thousands of rounds in one instance."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.commands.contracts import CompleteUserTask, Deploy, StartInstance
from engine.engine import Engine
from runtime.benchmarks.load import MIDWIFE, REGION
from runtime.benchmarks.servers import bare_engine
from runtime.benchmarks.workloads import HEAD

BLOCKS = (5, 10, 20)
ROUNDS = 3_000
REPEATS = 5  # of the blocks: one run takes a few milliseconds
LOOP = f"""{HEAD}<bpmn:process id="rounds" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="again"/>
<bpmn:exclusiveGateway id="again"/><bpmn:sequenceFlow id="f2" sourceRef="again" targetRef="task_round"/>
<bpmn:userTask id="task_round"/><bpmn:sequenceFlow id="f3" sourceRef="task_round" targetRef="enough"/>
<bpmn:exclusiveGateway id="enough" default="f4"/><bpmn:sequenceFlow id="f4" sourceRef="enough" targetRef="again"/>
<bpmn:sequenceFlow id="f5" sourceRef="enough" targetRef="end">
<bpmn:conditionExpression>=done</bpmn:conditionExpression></bpmn:sequenceFlow><bpmn:endEvent id="end"/>
</bpmn:process></bpmn:definitions>""".encode()


def blocks(count: int) -> bytes:
    """Fork, two user tasks, join; again and again. One that copies its past at each fork needs 2^count."""
    parts, before = ['<bpmn:startEvent id="start"/>'], "start"
    for n in range(count):
        parts.append(f'<bpmn:parallelGateway id="fork{n}"/><bpmn:parallelGateway id="join{n}"/>')
        parts += [f'<bpmn:userTask id="{side}{n}"/>' for side in ("left", "right")]
        parts.append(_flow(before, f"fork{n}"))
        parts += [_flow(f"fork{n}", f"{side}{n}") + _flow(f"{side}{n}", f"join{n}") for side in ("left", "right")]
        before = f"join{n}"
    parts.append(f'<bpmn:endEvent id="end"/>{_flow(before, "end")}')
    process = f'<bpmn:process id="blocks_{count}" isExecutable="true">{"".join(parts)}</bpmn:process>'
    return f"{HEAD}{process}</bpmn:definitions>".encode()


def _flow(source: str, target: str) -> str:
    return f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'


def measure(url: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds per block by number of blocks; per round at the loop's begin and end; both ratios near one."""
    with bare_engine(url) as engine:
        files = {f"blocks_{count}.bpmn": blocks(count) for count in BLOCKS}
        engine.execute(Deploy(files={**files, "rounds.bpmn": LOOP}), by=MIDWIFE)
        for count in BLOCKS:
            _run_blocks(engine, count)  # warms up
        per_block = {count: min(_run_blocks(engine, count) for _ in range(REPEATS)) / count for count in BLOCKS}
        times, sizes = _run_loop(engine, rounds)
    part = max(rounds // 10, 1)
    first, last = _median(times[part : 2 * part]), _median(times[-part:])
    return {
        "ms_per_block": {str(count): round(ms, 3) for count, ms in per_block.items()},
        "blocks_ratio": round(per_block[BLOCKS[-1]] / per_block[BLOCKS[0]], 3),
        "loop_rounds": len(times),
        "loop_ms_first": round(first, 3),
        "loop_ms_last": round(last, 3),
        "loop_ratio": round(last / first, 3),
        "loop_state_bytes": sizes,
    }


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _run_blocks(engine: Engine, count: int) -> float:
    """Milliseconds from the start to the end of one instance."""
    began = time.perf_counter()
    instance = engine.execute(StartInstance(definition_key=f"blocks_{count}"), by=MIDWIFE).instance_id
    open_tasks = _open(engine, instance)
    while open_tasks:
        done = engine.execute(CompleteUserTask(user_task_id=open_tasks.pop()), by=MIDWIFE)
        open_tasks += done.opened_user_task_ids
    return (time.perf_counter() - began) * 1000


def _run_loop(engine: Engine, rounds: int) -> tuple[list[float], list[int]]:
    instance = engine.execute(StartInstance(definition_key="rounds", variables={"done": False}), by=MIDWIFE).instance_id
    (task,) = _open(engine, instance)
    times, sizes = [], [_state_bytes(engine, instance)]
    for number in range(1, rounds + 1):
        command = CompleteUserTask(user_task_id=task, variables={"done": number == rounds})
        began = time.perf_counter()
        opened = engine.execute(command, by=MIDWIFE).opened_user_task_ids
        times.append((time.perf_counter() - began) * 1000)
        if number == rounds - 1:
            sizes.append(_state_bytes(engine, instance))
        task = opened[0] if opened else task
    return times, sizes


def _open(engine: Engine, instance: UUID) -> list[UUID]:
    with engine.pool.connection() as conn:
        query = "SELECT id FROM user_task WHERE region_id = %s AND instance_id = %s AND state = 'created'"
        return [row[0] for row in conn.execute(query, [REGION, instance]).fetchall()]


def _state_bytes(engine: Engine, instance: UUID) -> int:
    with engine.pool.connection() as conn:
        query = "SELECT octet_length(state) FROM instance WHERE region_id = %s AND id = %s"
        row = conn.execute(query, [REGION, instance]).fetchone()
    return int(row[0]) if row else 0
