"""A county that is served as an installation is: processes of its own, the machine's clock, and nothing but HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from psycopg.conninfo import make_conninfo

from runtime.demo.identity import identity_number
from tests.databases import copy
from tests.fhir.conftest import hospital_template  # noqa: F401
from tests.fhir.fhir_kit import ID_CARD, registration
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
YUNTU = str(Path(sys.executable).parent / "yuntu")
LIMIT_S = 240  # a busy machine; on a quiet one it takes seconds
BORN = date(1995, 8, 17)  # of the woman whom the guide registers


@dataclass
class Stand:
    """What a foreign program is told of the installation, and our own look at what it has done."""

    base: str
    environment: dict[str, str]
    said: str
    hooks: list[str] = field(default_factory=list)

    def yuntu(self, *arguments: str) -> str:
        done = subprocess.run(
            [YUNTU, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ask(self, path: str, **form: str) -> Any:
        """A search by POST, as the hospital's system."""
        head = {"Authorization": f"Bearer {self.token}"}
        answer = requests.post(f"{self.base}/fhir/{path}/_search", data=form, headers=head, timeout=LIMIT_S)
        assert answer.status_code == 200, answer.text
        return [one["resource"] for one in answer.json().get("entry", ())]

    def subscriptions(self) -> list[dict[str, Any]]:
        """Those that are told now."""
        head = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.base}/fhir/Subscription?status=active", headers=head, timeout=LIMIT_S)
        assert answer.status_code == 200, answer.text
        return [one["resource"] for one in answer.json().get("entry", ())]

    @property
    def token(self) -> str:
        return self.yuntu("token", "--client", "his-demo")

    def bring_in(self, woman: str, lmp: date) -> None:
        head = {"Authorization": f"Bearer {self.token}"}
        answer = requests.post(
            f"{self.base}/fhir", json=registration(woman, lmp.isoformat()), headers=head, timeout=LIMIT_S
        )
        assert answer.status_code == 200, answer.text

    def women(self, woman: str) -> list[dict[str, Any]]:
        return list(self.ask("Patient", identifier=f"{ID_CARD}|{woman}"))

    def given(self, number: int) -> dict[str, str]:
        """Its environment for a sample: a woman of its own and an address that it is told at."""
        hook = f"http://127.0.0.1:{free_port()}/told"
        add = ("client", "endpoint", "add", "--client", "his-demo", "--network", "loopback", "--url", hook)
        home = Path(self.environment["YUNTU_HOME"])
        secret = home / f"secret-{number}.txt"
        secret.write_text(self.yuntu(*add))
        woman = identity_number(BORN, number)
        return self.environment | {
            "YUNTU": self.base,
            "YUNTU_KEY": str(home / "his-demo-key.json"),
            "YUNTU_SECRET": str(secret),
            "YUNTU_HOOK": hook,
            "YUNTU_WOMAN": woman,
        }


@pytest.fixture(scope="module")
def stand(server: str, hospital_template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:  # noqa: F811
    template, template_home = hospital_template
    name, home, port = f"clients_{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("clients"), free_port()
    for file in template_home.glob("*.json"):
        shutil.copy(file, home)
    with psycopg.connect(server, autocommit=True) as admin:
        copy(admin, template, name)
    environment = os.environ | {
        "YUNTU_HOME": str(home),
        "YUNTU_PORT": str(port),
        "YUNTU_DATABASE_URL": make_conninfo(server, dbname=name),
        "YUNTU_DEMO": "1",
        "YUNTU_WORKERS": "1,1",
    }
    environment.pop("YUNTU_CLOCK", None)
    output = home / "said.txt"
    with output.open("w") as out:
        process = subprocess.Popen([YUNTU, "serve"], cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + LIMIT_S
        while "Ctrl-C" not in output.read_text():
            assert process.poll() is None and time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)
        made = Stand(base, environment, output.read_text())
        for number in range(3):  # so that a work list has a second page
            made.bring_in(identity_number(date(1996, 1, 1), number), date.today() - timedelta(weeks=9))
        yield made
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
