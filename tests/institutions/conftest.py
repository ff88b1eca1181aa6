"""The demonstration people under the rules of 信丰, which ask for most: `county` for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.store import reads
from runtime.start import deploy_shipped
from tests.databases import copied
from tests.web.conftest import BEGIN, Site, csrf_of, example, served, settle_people

__all__ = ["BEGIN", "csrf_of", "example", "served"]
XINFENG = "cn-xf-2022"


class County(Site):
    """A site whose pack is another, with HTTP for programs beside it."""

    def token(self, who: str) -> str:
        people = self.services.people
        return people.issue_token(account=people.account(who)).access_token

    def ask(self, method: str, path: str, who: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token(who)}", **more.pop("headers", {})}
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def to(self, moment: str) -> None:
        """The clock moves, and what falls due on the way happens."""
        self.services.timekeeper.advance_to(datetime.fromisoformat(f"{moment}T09:00:00+08:00"))

    def finish(self, element: str, who: str, form: str, organisation: str, **answers: Any) -> Any:
        task = self.task(element, organisation)
        body = {"answers": {**example(form), **answers}}
        answer = self.ask("POST", f"/api/user-tasks/{task.id}/completion", who, json=body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json

    def open(self, organisation: str) -> list[str]:
        return sorted(task.element_id for task in self.tasks(limit=200) if task.organisation == organisation)

    def variables(self, task: Any) -> dict[str, Any]:
        with self.services.engine.read() as conn:
            return reads.variables(conn, self.services.region_id, [task.instance_id])[task.instance_id]


@pytest.fixture(scope="session")
def settled(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database to copy: everybody has an account, the pathway is deployed."""
    home = tmp_path_factory.mktemp("institutions")
    with copied(server, template, "institutions") as url:
        site = County(home, url, YUNTU_PACK=XINFENG)
        settle_people(site.services)
        deploy_shipped(site.services)
        site.close()
        yield psycopg.conninfo.conninfo_to_dict(url)["dbname"], home


@pytest.fixture
def county(server: str, settled: tuple[str, Path]) -> Iterator[County]:
    with copied(server, settled[0], "test") as url:
        opened = County(settled[1], url, YUNTU_PACK=XINFENG)
        yield opened
        opened.close()
