"""Completions over HTTP with everything a visit leaves behind, on a server of its own."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from engine.clock import CHINA, system_clock
from engine.commands.contracts import Actor, Deploy, StartInstance
from engine.store import plain, reads
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.benchmarks import servers
from runtime.benchmarks.http_client import Client
from runtime.benchmarks.load import Load
from runtime.benchmarks.replay import replay
from runtime.benchmarks.report import report
from runtime.benchmarks.servers import quantile
from runtime.benchmarks.workloads import HEAD
from runtime.database import embedded
from runtime.database.roles import as_application
from runtime.wiring import assemble
from workflows import completion
from workflows.services import Services

NURSE = Actor(id="nurse", organisation="org-twn-1", roles=("R-MCHW",))
ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "workflows/forms/examples/anc-visit.json"
READY_LIMIT_S = 180.0
FOLLOWING = re.compile(rb'"next":\[\{"id":"([0-9a-f-]{36})"')
REPLAYED_STEPS = 100  # per client
WARM_UP = 0.2  # of the time that is measured: each process has read its forms and tables, each session its plans
VISIT = f"""{HEAD}<bpmn:process id="http_visit" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="gateway"/>
<bpmn:exclusiveGateway id="gateway"/><bpmn:sequenceFlow id="f2" sourceRef="gateway" targetRef="task_visit"/>
<bpmn:userTask id="task_visit"><bpmn:extensionElements><zeebe:formDefinition formId="anc-visit"/>
<zeebe:assignmentDefinition candidateGroups="R-MCHW"/>
<yuntu:assignment xmlns:yuntu="urn:yuntu:bpmn:1" organisation="=home_organisation"/></bpmn:extensionElements>
</bpmn:userTask><bpmn:sequenceFlow id="f3" sourceRef="task_visit" targetRef="gateway"/>
<bpmn:boundaryEvent id="late" attachedToRef="task_visit" cancelActivity="false"><bpmn:timerEventDefinition>
<bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:endEvent id="told"/><bpmn:sequenceFlow id="f4" sourceRef="late" targetRef="told"/>
</bpmn:process></bpmn:definitions>""".encode()


def measure(connections: int, seconds: float) -> dict[str, Any]:
    """Completions per second over kept connections, then the same statements through pgbench."""
    home = Path(tempfile.mkdtemp(prefix="yuntu-"))
    environment = _environment(home)
    settings = configuration.read(environment)
    server = embedded.attach(home)
    try:
        with _serving(environment, settings.port), _services(settings, server.url()) as services:
            services.engine.execute(Deploy(files={"http_visit.bpmn": VISIT}), by=NURSE)
            token = _token(environment)
            _run(settings.port, token, [_start(services) for _ in range(connections)], seconds * WARM_UP)
            servers.settle(server.url())
            tasks = [_start(services) for _ in range(connections)]
            loads = _run(settings.port, token, tasks, seconds)
            half = _rate(loads) / 2
            tasks = [_start(services) for _ in range(connections)]
            calm = _run(settings.port, token, tasks, seconds / 2, every=connections / half)
            starts = [_start(services) for _ in range(connections)]
        plays = [partial(_play, settings, task) for task in starts]
        replayed = replay(server.url("postgres"), server.url(), settings.region_id, plays)
        web, worker = settings.web_processes, settings.worker_processes
        details: dict[str, Any] = {
            "idempotency": True,
            "web_processes": web,
            "worker_processes": worker,
            "form": "anc-visit",
            "warm_up_s": seconds * WARM_UP,
            "half_load": _at_half_load(calm),
        }
        return report("http-complete", "completions/s", loads, replayed, server.url(), **details)
    finally:
        server.release()
        shutil.rmtree(home)


def _environment(home: Path) -> dict[str, str]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YUNTU_")}
    return {**kept, "YUNTU_HOME": str(home), "YUNTU_PORT": str(port), "YUNTU_DEMO": "1", "YUNTU_WORKERS": "2,1"}


@contextmanager
def _serving(environment: Mapping[str, str], port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "runtime.cli", "serve"]
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as conn:
                conn.request("GET", "/health/ready")
                if conn.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server is not ready")


@contextmanager
def _services(settings: configuration.Settings, url: str) -> Iterator[Services]:
    with open_pool(as_application(url), timeout=30) as pool:
        yield assemble(settings, pool=pool, clock=system_clock, manual=None, close=lambda: None)


def _start(services: Services) -> UUID:
    """A case of the nurse's own organisation; its first task."""
    pregnancy = str(uuid4())
    variables = {"pregnancy_id": pregnancy, "patient_id": str(uuid4()), "home_organisation": NURSE.organisation}
    lmp = _today() - timedelta(weeks=20)
    variables |= {"lmp": lmp.isoformat(), "edd": (lmp + timedelta(days=280)).isoformat(), "colour": "green"}
    command = StartInstance(definition_key="http_visit", business_key=pregnancy, variables=variables)
    started = services.engine.execute(command, by=NURSE)
    with services.engine.read() as conn:
        return reads.user_tasks(conn, services.region_id, instance_id=started.instance_id).items[0].id


def _answers() -> dict[str, Any]:
    """A visit of today, in the twentieth week."""
    answers: dict[str, Any] = plain.loads(ANSWERS.read_bytes())
    return {
        **answers,
        "visit_date": _today().isoformat(),
        "next_date": (_today() + timedelta(weeks=4)).isoformat(),
        "fundal_height": 18,
        "abdominal_circ": 85,
    }


def _today() -> date:
    return system_clock().astimezone(CHINA).date()


def _token(environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "runtime.cli", "token", "--account", "nurse", "--json"]
    done = subprocess.run(command, env=dict(environment), cwd=ROOT, check=True, capture_output=True)
    return str(plain.loads(done.stdout)["access_token"])


def _run(port: int, token: str, tasks: list[UUID], seconds: float, every: float | None = None) -> list[Load]:
    """`every`: seconds between two requests of a connection, whether the first has been answered or not. Connections
    take turns: all at once would be a burst as large as their number, again and again, which is no half load."""
    loads = [Load() for _ in tasks]
    threads = [
        threading.Thread(
            target=_client, args=(port, token, task, seconds, load, every, (every or 0.0) * turn / len(tasks))
        )
        for turn, (task, load) in enumerate(zip(tasks, loads))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return loads


def _client(
    port: int, token: str, task: UUID | str, seconds: float, load: Load, every: float | None, after: float
) -> None:
    """An answer that comes late makes the next request late: its time counts from when it was due."""
    answers, keys = plain.dumps({"answers": _answers()}), uuid4().hex
    load.started_at = time.time()
    due = time.perf_counter() + after
    deadline = due + seconds
    with Client(port, token) as client:
        while (now := time.perf_counter()) < deadline:
            if every is None:
                due = now
            elif now < due:
                time.sleep(due - now)
            status, body = client.post(f"/api/user-tasks/{task}/completion", answers, f"{keys}-{load.steps}")
            load.latencies_ms.append((time.perf_counter() - due) * 1000)
            following = FOLLOWING.search(body)
            if status != 200 or following is None:
                raise RuntimeError(f"{status}: {body.decode()}")
            task = following[1].decode()
            load.steps += 1
            due += every or 0.0
    load.ended_at = time.time()


def _rate(loads: list[Load]) -> float:
    seconds = max(load.ended_at for load in loads) - min(load.started_at for load in loads)
    return sum(load.steps for load in loads) / seconds


def _at_half_load(loads: list[Load]) -> dict[str, float | None]:
    latencies = sorted(latency for load in loads for latency in load.latencies_ms)
    return {
        "rate": round(_rate(loads), 1),
        "p50_ms": quantile(latencies, 0.50),
        "p99_ms": quantile(latencies, 0.99),
    }


def _play(settings: configuration.Settings, task: UUID, url: str) -> None:
    """The same completions without HTTP, to be recorded."""
    answers = _answers()
    with _services(settings, url) as services:
        for _ in range(REPLAYED_STEPS):
            command = _checked(services, task, answers)
            task = services.engine.execute(command, by=NURSE).opened_user_task_ids[0]


def _checked(services: Services, task: UUID, answers: dict[str, Any]) -> completion.Finish:
    with services.engine.read() as conn:
        return completion.command_for(services, conn, task, by=NURSE, answers=answers)
