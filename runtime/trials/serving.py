"""`yuntu serve` as a trial starts it: the product, one service task that leaves a mark in a file, and the bug that was
asked for.

python -m runtime.trials.serving
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.commands.records import ServiceTask
from runtime import settings, wiring
from runtime.serve import serve_until_stopped
from runtime.trials import planted


def tell(job: Any) -> dict[str, Any]:
    """One write that is whole or not there, also when the process dies."""
    mark = f"{job.instance_id} {job.variables['count']}\n".encode()
    with open(Path(os.environ["YUNTU_TRIAL_EFFECTS"]), "ab", buffering=0) as file:
        file.write(mark)
    return {}


def with_the_task(engine: Any) -> Any:
    def build(*arguments: Any, service_tasks: Any = None, **rest: Any) -> Any:
        known = {**(service_tasks or {}), "trial-tell": ServiceTask(run=tell, retries=1000)}
        return engine(*arguments, service_tasks=known, **rest)

    return build


if __name__ == "__main__":
    planted.plant_what_is_asked_for()
    wiring.Engine = with_the_task(wiring.Engine)  # type: ignore[misc]
    serve_until_stopped(settings.read())
