"""A hospital's own system on a port of this machine: its desk, which shows our pages inside of it, and the sign-in
behind them, as SMART App Launch describes it. It says what a test tells it to say."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY = rsa.generate_private_key(65537, 2048)
ID_CARD = "urn:oid:2.16.156.10011.1.3"


class His:
    """`identifiers`: of the patient on the screen; `changes`: what it says otherwise than it should."""

    def __init__(self, port: int) -> None:
        self.base, self.desk = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self.issuer = f"{self.base}/fhir"
        self.identifiers: list[tuple[str, str]] = []
        self.user = "Practitioner/d1"
        self.changes: dict[str, object] = {}
        self.yuntu = ""
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    def answers(self, method: str, path: str, query: dict[str, str], form: dict[str, str], bearer: str):
        """Status, headers and body."""
        if path == "/desk":
            address = f"{self.yuntu}/launch?{urlencode({'iss': self.issuer, 'launch': 'visit-7'})}"
            frame = f'<iframe id="yuntu" width="1200" height="700" src="{address}"></iframe>'
            page = f"<!doctype html><title>HIS</title>{frame}"
            return 200, {"Content-Type": "text/html"}, page
        if path == "/authorize":
            return self._authorized(query)
        table = {
            "/fhir/.well-known/smart-configuration": self._described,
            "/token": lambda: self._told(form),
            "/jwks": lambda: {"keys": [{**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "his"}]},
            "/fhir/Patient/p7": lambda: self._read(bearer, self._patient()),
            "/fhir/Practitioner/d1": lambda: self._read(bearer, self._practitioner()),
        }
        found = table.get(path, lambda: None)()
        if found is None:
            return 404, {}, "{}"
        return found.pop("status", 200), {"Content-Type": "application/json"}, json.dumps(found)

    def _described(self):
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        said = {"issuer": self.base, **{name: self.base + path for name, path in ends.items()}}
        return {**said, **self.changes.get("described", {})}

    def _authorized(self, query):
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        told = {"code": code, "state": query["state"], **self.changes.get("authorized", {})}
        return 302, {"Location": f"{query['redirect_uri']}?{urlencode(told)}"}, ""

    def _told(self, form):
        query = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if query is None or challenge != query["code_challenge"] or form["redirect_uri"] != query["redirect_uri"]:
            return {"status": 400, "error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.base, "aud": "yuntu", "sub": "u-1", "iat": now, "exp": now + 300}
        claims |= {"nonce": query["nonce"], "fhirUser": f"{self.issuer}/{self.user}", **self.changes.get("claims", {})}
        signed = jwt.encode(claims, self.changes.get("key", KEY), algorithm="RS256", headers={"kid": "his"})
        told = {
            "access_token": "his-token",
            "token_type": "bearer",
            "expires_in": 300,
            "patient": "p7",
            "id_token": signed,
        }
        return {**told, **self.changes.get("told", {})}

    def _read(self, bearer, resource):
        return resource if bearer == "Bearer his-token" else {"status": 401}

    def _patient(self):
        listed = [{"system": system, "value": value} for system, value in self.identifiers]
        return {"resourceType": "Patient", "id": "p7", "identifier": listed, "name": [{"text": "另一个名字"}]}

    def _practitioner(self):
        return {
            "resourceType": "Practitioner",
            "id": "d1",
            "identifier": [{"system": "urn:his:staff", "value": "0815"}],
        }


@contextmanager
def his_on_loopback():
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            query = {k: v[0] for k, v in parse_qs(parts.query).items()}
            status, headers, body = his.answers(
                self.command, parts.path, query, form, self.headers.get("Authorization", "")
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = _do

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    his = His(server.server_port)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield his
    finally:
        server.shutdown()
        running.join()
        server.server_close()
