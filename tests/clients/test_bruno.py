"""docs/integration/bruno against a served county: by our own reading of the files, and by Bruno where it is there."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.clients.bru import File, Run, read
from tests.clients.conftest import LIMIT_S, ROOT

COLLECTION = ROOT / "docs" / "integration" / "bruno"


def files() -> list[File]:
    return sorted((read(path) for path in COLLECTION.glob("*.bru")), key=lambda file: file.sequence)


def variables(stand, number: int) -> dict[str, str]:
    given = stand.given(number)
    return {
        "base": stand.base,
        "hook": given["YUNTU_HOOK"],
        "woman": given["YUNTU_WOMAN"],
        "today": date.today().isoformat(),
        "lmp": (date.today() - timedelta(weeks=8)).isoformat(),
        "assertion": stand.yuntu("client", "assertion", "--name", "his-demo", "--key", given["YUNTU_KEY"]),
    }


def test_the_requests_stand_in_the_order_of_their_names():
    assert [file.path.name[:2] for file in files()] == [f"{file.sequence:02d}" for file in files()]


def test_every_request_of_the_collection_is_answered_as_it_says(stand):
    run = Run(variables(stand, 81))

    wrong = {file.path.name: found for file in files() if (found := run.do(file))}

    assert wrong == {}


def test_an_assertion_that_does_not_hold_is_seen(stand, tmp_path):
    spoilt = tmp_path / "spoilt.bru"
    spoilt.write_text((COLLECTION / "01-metadata.bru").read_text().replace("4.0.1", "4.3.0"))

    assert Run({"base": stand.base}).do(read(spoilt)) == ["res.body.fhirVersion: '4.0.1', not eq 4.3.0"]


@pytest.mark.parametrize(
    "block", ["script:pre-request {\n  bru.setVar('a', 1)\n}\n", "get {\n  ~url: x\n}\n", "tests {\n"]
)
def test_what_it_does_not_understand_is_not_passed_over(tmp_path, block):
    path = tmp_path / "one.bru"
    path.write_text("meta {\n  seq: 1\n}\n" + block)

    with pytest.raises(ValueError, match="not understood"):
        read(path)


def test_bruno_itself_says_the_same(stand, tmp_path):
    bru = shutil.which("bru") or shutil.which("bru", path=str(COLLECTION / "node_modules" / ".bin"))
    if bru is None:
        pytest.skip("Bruno's command line is not installed: npm install --prefix docs/integration/bruno @usebruno/cli")
    report = tmp_path / "report.json"
    given = [word for name, value in variables(stand, 82).items() for word in ("--env-var", f"{name}={value}")]
    command = [bru, "run", "--env", "local", *given, "--reporter-json", str(report)]

    done = subprocess.run(command, cwd=COLLECTION, capture_output=True, text=True, timeout=LIMIT_S)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    (summary,) = [one["summary"] for one in json.loads(Path(report).read_text())]
    assert summary["passedRequests"] == len(files())
    assert summary["failedAssertions"] == 0 < summary["passedAssertions"]
