"""`yuntu fhir check URL` passes against our server, and tells what is wrong with another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner
from flask import Flask, redirect, request
from werkzeug.serving import make_server

from engine.store import plain
from runtime.cli import main


@contextmanager
def served(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def checked(url: str, token: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, ["fhir", "check", url, "--json"], env={"YUNTU_TOKEN": token})
    return done.exit_code, plain.loads(done.output) if done.output.startswith("{") else {"output": done.output}


def test_our_own_server_passes_every_check_and_nothing_is_stored(hospital):
    hospital.brings_in()
    before = hospital.count()

    with served(hospital.app) as address:
        code, told = checked(f"{address}/fhir", hospital.token("his-demo"))

    assert [one for one in told["checks"] if not one["ok"]] == []
    assert code == 0 and told["summary"]["ok"] == told["summary"]["checks"] > 10
    assert hospital.count() == before


def test_a_server_that_is_none_fails_and_never_gets_the_token_of_another():
    seen: list[str | None] = []
    other, first = Flask("other"), Flask("first")

    @other.route("/<path:_>", methods=["GET", "POST"])
    def take(_: str) -> str:
        seen.append(request.headers.get("Authorization"))
        return "{}"

    with served(other) as elsewhere:

        @first.route("/<path:_>", methods=["GET", "POST"])
        def send_on(_: str) -> Any:
            return redirect(f"{elsewhere}/x")

        with served(first) as address:
            code, told = checked(f"{address}/fhir", "secret")

    assert code == 1 and told["summary"]["ok"] == 0
    assert seen == []


def test_where_nobody_answers_one_line_says_so():
    code, told = checked("http://127.0.0.1:9/fhir", "x")
    wrong, _ = checked("file:///etc/passwd", "x")

    assert (code, wrong) == (1, 2)
    assert "nobody answers" in told["output"]
