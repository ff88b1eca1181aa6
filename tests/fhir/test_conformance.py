"""`yuntu fhir check URL` passes against our server, and tells what is wrong with another."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from flask import Flask, redirect, request
from jwt.algorithms import ECAlgorithm
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from engine.store import plain
from fhir_adapters.store.subscriptions import Subscriptions
from runtime.cli import main
from runtime.conformance.asking import Server
from runtime.conformance.running import CHECKS, run
from runtime.conformance.session import SYSTEM, Session
from runtime.subscribers import Subscribers
from tests.fhir.conftest import Hospital, opened


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """A failing test shows what failed."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def county(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    with opened(server, hospital_template) as made:
        made.brings_in()
        yield made


def checked(url: str, token: str, *more: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, ["fhir", "check", url, "--json", *more], env={"YUNTU_TOKEN": token})
    return done.exit_code, plain.loads(done.output) if done.output.startswith("{") else {"output": done.output}


def live(county: Hospital) -> set[tuple[str, str, int]]:
    with county.pool.connection() as conn:
        return set(conn.execute("SELECT type, id, version FROM resource WHERE NOT deleted").fetchall())


def test_our_own_server_passes_every_check_and_nothing_of_it_stays(county, tmp_path):
    before = live(county)
    report = tmp_path / "fhir.xml"

    with served(county.app) as address:
        code, told = checked(f"{address}/fhir", county.token("his-demo"), "--junit", str(report))

    assert [one for one in told["checks"] if one["state"] == "failed"] == []
    assert {one["name"] for one in told["checks"] if one["state"] == "skipped"} == {
        "token by a signed assertion",
        "handshake",
        "event",
    }
    assert code == 0 and told["summary"]["checks"] == len(CHECKS) + 1 > 50
    assert live(county) == before
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == (str(told["summary"]["checks"]), "0")


def test_read_only_it_makes_nothing_and_says_what_was_not_asked(county):
    before = county.count()

    with served(county.app) as address:
        code, told = checked(f"{address}/fhir", county.token("his-demo"), "--read-only")

    assert code == 0 and county.count() == before
    assert {one["state"] for one in told["checks"]} == {"ok", "skipped"}


def test_the_report_for_people_is_in_both_languages(county):
    with served(county.app) as address:
        done = CliRunner().invoke(
            main, ["fhir", "check", f"{address}/fhir", "--read-only"], env={"YUNTU_TOKEN": county.token("his-demo")}
        )

    assert "严格 JSON / strict" in done.output and "✓ 重复的键 / a key twice" in done.output
    assert re.search(r"符合 \d+，不符 0，未查 \d+ / \d+ hold, 0 do not, \d+ were not asked", done.output)


# --- a server that deviates: ours, with one thing done wrong on the way out ---

Bend = Callable[[dict[str, Any], Response], None]


def deviating(app: Any, bend: Bend) -> Callable[[dict[str, Any], Any], Any]:
    """The application whose answers are bent."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        response = Response(b"".join(body), status=status, headers=headers)
        bend(environ, response)
        return response(environ, start_response)

    return answer


def _json(change: Callable[[dict[str, Any], dict[str, Any]], Any], where: Callable[[dict[str, Any]], bool]) -> Bend:
    """Of answers in JSON what `change` makes of them in place."""

    def bend(environ: dict[str, Any], response: Response) -> None:
        text = response.get_data()
        if where(environ) and text.startswith(b"{"):
            body = plain.read(text)
            change(environ, body)
            response.set_data(plain.dumps(body))

    return bend


def _status(status: int, where: Callable[[dict[str, Any], Response], bool]) -> Bend:
    def bend(environ: dict[str, Any], response: Response) -> None:
        if where(environ, response):
            response.status_code = status

    return bend


def _without(name: str) -> Bend:
    return lambda environ, response: response.headers.remove(name)


def _path(environ: dict[str, Any]) -> str:
    return str(environ["PATH_INFO"])


def _text(old: str, new: str) -> Bend:
    def bend(environ: dict[str, Any], response: Response) -> None:
        response.set_data(re.sub(old, new, response.get_data(as_text=True)))

    return bend


def _drop(name: str) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    def change(environ: dict[str, Any], body: dict[str, Any]) -> None:
        for issue in body.get("issue", ()) if body.get("resourceType") == "OperationOutcome" else ():
            issue.pop(name, None)

    return change


def _is(method: str, ending: str) -> Callable[[dict[str, Any]], bool]:
    return lambda environ: environ["REQUEST_METHOD"] == method and _path(environ).endswith(ending)


def _relink(environ: dict[str, Any], body: dict[str, Any]) -> None:
    body["link"] = [{**one, "url": one["url"].replace("127.0.0.1", "another.invalid")} for one in body.get("link", ())]


def _first(environ: dict[str, Any], body: dict[str, Any]) -> None:
    body["entry"] = body.get("entry", [])[:1]


ALWAYS: Callable[[dict[str, Any]], bool] = lambda environ: True  # noqa: E731
DEVIATIONS: dict[str, tuple[Bend, str]] = {
    "says R5": (_json(lambda e, b: b.update(fhirVersion="5.0.0"), _is("GET", "/metadata")), "metadata"),
    "claims what it cannot": (
        _status(501, lambda e, r: e["REQUEST_METHOD"] == "GET" and _path(e) == "/fhir/Encounter"),
        "capability and behaviour",
    ),
    "open to everybody": (_status(200, lambda e, r: r.status_code == 401), "closed without a token"),
    "takes any token": (_status(200, lambda e, r: r.status_code == 401), "unknown token"),
    "gives tokens away": (_status(200, lambda e, r: _path(e) == "/oauth/token"), "no token for nothing"),
    "no endpoint told": (_text('"token_endpoint":', '"tokenEndpoint":'), "smart-configuration"),
    "errors without a place": (_json(_drop("expression"), ALWAYS), "every fault with its place"),
    "strict without a place": (_json(_drop("expression"), ALWAYS), "strict: number as string"),
    "errors in one language": (_text(r" / [^\"]*\"", '"'), "unknown id"),
    "500 for an unknown type": (_status(500, lambda e, r: "NoSuchType" in _path(e)), "unknown type"),
    "takes broken JSON": (_status(200, lambda e, r: r.status_code == 400), "malformed JSON"),
    "takes a key twice": (_status(200, lambda e, r: r.status_code == 400), "a key twice"),
    "takes NaN": (_status(200, lambda e, r: r.status_code == 400), "NaN"),
    "takes any media type": (_status(200, lambda e, r: r.status_code == 415), "unknown media type"),
    "takes any size": (_status(200, lambda e, r: r.status_code == 413), "too large"),
    "hides the limit": (_text("5 MB", "too much"), "too large"),
    "ignores silently": (
        _json(lambda e, b: b.update(entry=[x for x in b.get("entry", ()) if x["search"]["mode"] != "outcome"]),
              _is("GET", "/Patient")), "unknown parameters",
    ),
    "no ETag": (_without("ETag"), "304"),
    "no version": (_without("ETag"), "create"),
    "no Location": (_without("Location"), "create"),
    "rounds": (_text(r'"value":6\.70', '"value":6.7'), "exact digits and times"),
    "a version for nothing": (
        lambda e, r: r.headers.__setitem__("ETag", 'W/"2"') if e["REQUEST_METHOD"] == "PUT" else None, "versions",
    ),
    "last one wins": (_status(200, lambda e, r: r.status_code == 412), "versions"),
    "forgets history": (_json(_first, _is("GET", "/_history")), "versions"),
    "answers again": (_status(200, lambda e, r: r.status_code == 304), "304"),
    "forgets that it was deleted": (_status(404, lambda e, r: r.status_code == 410), "delete"),
    "edits what the engine keeps": (_status(201, lambda e, r: r.status_code == 422), "engine-owned"),
    "creates twice": (
        _status(201, lambda e, r: bool(e.get("HTTP_IF_NONE_EXIST")) and r.status_code == 200),
        "conditional creates at once",
    ),
    "creates again": (
        _status(201, lambda e, r: bool(e.get("HTTP_IF_NONE_EXIST")) and r.status_code == 200), "conditional create",
    ),
    "takes another under a key": (
        _status(201, lambda e, r: bool(e.get("HTTP_IDEMPOTENCY_KEY")) and r.status_code == 422), "idempotency key",
    ),
    "answers out of order": (
        _json(lambda e, b: b.update(entry=b.get("entry", [])[::-1]), _is("POST", "/fhir")), "transaction",
    ),
    "half a transaction": (_status(200, lambda e, r: r.status_code == 422), "all or nothing"),
    "whole batch fails": (
        _status(422, lambda e, r: e["REQUEST_METHOD"] == "POST" and _path(e) == "/fhir"), "batch",
    ),
    "finds nothing": (
        _json(lambda e, b: b.pop("entry", None), _is("GET", "/Observation")), "search by patient and code",
    ),
    "ignores :not": (
        _json(lambda e, b: b.update(entry=[{"resource": {"resourceType": "Observation"}, "search": {"mode": "match"}}]),
              lambda e: "%3Anot" in e["QUERY_STRING"] or ":not" in e["QUERY_STRING"]), ":not",
    ),
    "sorts as it likes": (
        _json(lambda e, b: b.update(entry=b.get("entry", [])[::-1]), lambda e: "_sort=-date" in e["QUERY_STRING"]),
        "_sort",
    ),
    "brings nobody along": (_json(_first, lambda e: "_include" in e["QUERY_STRING"]), "_include"),
    "counts wrong": (_json(lambda e, b: b.update(total=7), lambda e: "count" in e["QUERY_STRING"]), "_summary=count"),
    "loses pages": (_json(lambda e, b: b.pop("link", None), _is("GET", "/Observation")), "paging"),
    "sends elsewhere": (_json(_relink, _is("GET", "/Observation")), "paging"),
    "tells paths": (
        _text('"resourceType":"Patient"', '"resourceType":"Patient","x":"/srv/x/app.py"'), "nothing of the machine",
    ),
    "does not delete": (
        _status(200, lambda e, r: r.status_code == 410), "cleaned up",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def bent(county: Hospital) -> Iterator[Callable[[Bend | None], str]]:
    """One server for all deviations."""
    now: list[Bend] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return deviating(county.app, now[0])(environ, start_response)

    with served(app) as address:

        def choose(bend: Bend) -> str:
            now[:] = [bend]
            return f"{address}/fhir"

        yield choose


@pytest.mark.parametrize("name", DEVIATIONS)
def test_each_deviation_is_found(county, bent, name):
    bend, wanted = DEVIATIONS[name]
    needed = {"nothing of the machine": ("nothing of the machine", "create"), "cleaned up": ("create",)}
    session = Session(Server(bent(bend), county.token("his-demo")))

    found = run(session, only=needed.get(wanted, (wanted,)))

    state = {one.check.name: (one.state, one.detail) for one in found}
    assert state[wanted][0] == "failed", state
    assert " / " in state[wanted][1]
    with county.pool.connection() as conn:  # what the bent server kept from being found goes as well
        rows = conn.execute("SELECT type, id FROM resource WHERE NOT deleted AND owner = 'client:his-demo'").fetchall()
    for type_, id_ in sorted(rows):
        if SYSTEM in county.get(f"/{type_}/{id_}").get_data(as_text=True):
            county.ask("DELETE", f"/{type_}/{id_}")


def test_with_an_address_and_a_key_the_handshake_and_the_token_are_checked_too(county, tmp_path):
    people, listener = county.services.people, socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    url = f"http://127.0.0.1:{port}/told"
    with county.pool.connection() as conn:
        client_id = people.client("his-demo").id
        Subscriptions(conn, county.region_id).put_endpoint(
            client_id, url, "loopback", ["secret"], county.services.clock()
        )
    key = generate_private_key(SECP384R1())
    jwk = {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": "check"}
    (tmp_path / "key.json").write_bytes(plain.dumps(jwk))
    public = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "check"}
    people.add_client(name="checker", organisation_id="org-hospital", scopes={"system/*.rs"}, jwks={"keys": [public]})

    asked = ("handshake", "event", "token by a signed assertion")
    with served(county.app) as address, telling(county):
        code, told = checked(
            f"{address}/fhir", county.token("his-demo"), "--listen", f"127.0.0.1:{port}", "--client-id", "checker",
            "--key", str(tmp_path / "key.json"), *[word for one in asked for word in ("--only", one)],
        )  # fmt: skip

    assert (code, [(one["state"], one["detail"]) for one in told["checks"]]) == (0, [("ok", "")] * 4)


@contextmanager
def telling(county: Hospital) -> Iterator[None]:
    """The process that tells subscribers, in threads."""
    subscribers = Subscribers(county.services, poll_s=0.05)
    subscribers.start()
    try:
        yield
    finally:
        subscribers.stop()


def test_what_is_not_of_this_run_is_never_touched(county):
    """Also where the server answers searches with somebody else."""
    seen: list[tuple[str, str]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append((environ["REQUEST_METHOD"], _path(environ)))
        someone = {"resourceType": "Patient", "id": "somebody-else", "identifier": [{"system": "x", "value": "y"}]}
        body = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": someone}]}
        return Response(plain.dumps(body), content_type="application/fhir+json")(environ, start_response)

    with served(app) as address:
        run(Session(Server(f"{address}/fhir", "x"), wait_s=0.1))

    assert [one for one in seen if one[0] in ("DELETE", "PUT", "PATCH") and "somebody-else" in one[1]] == []


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
            code, told = checked(f"{address}/fhir", "secret", "--read-only")

    assert code == 1 and told["summary"]["failed"] > 20
    assert [one for one in told["checks"] if one["state"] == "ok" and one["area"] != "afterwards"] == []
    assert seen == []


def test_where_nobody_answers_one_line_says_so():
    code, told = checked("http://127.0.0.1:9/fhir", "x")
    wrong, _ = checked("file:///etc/passwd", "x")

    assert (code, wrong) == (1, 2)
    assert "nobody answers" in told["output"]
