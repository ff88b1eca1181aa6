"""The samples of docs/integration/clients, each with its own client library, against a served county."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from tests.clients.conftest import LIMIT_S, ROOT

SAMPLES = ROOT / "docs" / "integration" / "clients"
SAID = """token: system/*.cruds
subscription: active
case: CASE
results: 2
work list: paged with patients
task: accepted completed
refused: Observation.valueQuantity
told: three changes of the task
history: completed accepted ready
"""


def python() -> list[str]:
    return [sys.executable, str(SAMPLES / "python" / "afternoon.py")]


def javascript() -> list[str]:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    if not (SAMPLES / "javascript" / "node_modules").is_dir():
        pytest.skip("npm ci --prefix docs/integration/clients/javascript has not been run")
    return ["node", str(SAMPLES / "javascript" / "afternoon.js")]


def java() -> list[str]:
    if shutil.which("javac") is None:
        pytest.skip("no JDK is installed")
    jars = SAMPLES / "java" / "target" / "dependency"
    if not jars.is_dir():
        pytest.skip("mvn -f docs/integration/clients/java/pom.xml dependency:copy-dependencies has not been run")
    return ["java", "-cp", f"{jars}/*", str(SAMPLES / "java" / "Afternoon.java")]


@pytest.mark.parametrize(("command", "number"), [(python, 78), (javascript, 79), (java, 80)], ids=["py", "js", "java"])
def test_an_afternoon_with_a_foreign_client_library(stand, command, number):
    given = stand.given(number)
    arguments = command()

    done = subprocess.run(arguments, cwd=ROOT, env=given, capture_output=True, text=True, timeout=LIMIT_S)

    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^case: (\S+)$", done.stdout, re.M)
    assert found and done.stdout == SAID.replace("CASE", found[1])
    assert_it_is_so(stand, given["YUNTU_WOMAN"], found[1])


def assert_it_is_so(stand, woman, case):
    """Whatever the sample says of it."""
    (patient,) = stand.women(woman)
    results = stand.ask("Observation", patient=f"Patient/{patient['id']}", code="85354-9,718-7")
    tasks = stand.ask("Task", patient=f"Patient/{patient['id']}", _sort="authored-on")
    (form,) = stand.ask("QuestionnaireResponse", patient=f"Patient/{patient['id']}")
    assert [one["id"] for one in stand.ask("EpisodeOfCare", patient=f"Patient/{patient['id']}")] == [case]
    assert sorted(one["code"]["coding"][0]["code"] for one in results) == ["718-7", "85354-9"]
    assert tasks[0]["status"] == "completed" and tasks[1]["status"] == "ready"
    assert form["meta"]["source"].endswith("his-demo")
    assert stand.subscriptions() == []
