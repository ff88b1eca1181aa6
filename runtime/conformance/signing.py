"""A token as a hospital system gets it: SMART backend services, `private_key_jwt`."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

import jwt

from engine.store import plain
from runtime.conformance.asking import Answer, Server

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Signer:
    """Signs as one registered client. `key`: its private key, a JWK."""

    def __init__(self, client_id: str, key: Path, scope: str = "system/*.rs") -> None:
        self._client_id, self._scope = client_id, scope
        self._jwk = jwt.PyJWK(plain.loads(key.read_bytes()), algorithm="ES384")
        self._kid = plain.loads(key.read_bytes()).get("kid")

    def __call__(self, server: Server, endpoint: str) -> Answer:
        now = int(time.time())
        claims = {"iss": self._client_id, "sub": self._client_id, "aud": endpoint, "exp": now + 120, "iat": now}
        headers = {"kid": self._kid} if self._kid else {}
        signed = jwt.encode({**claims, "jti": uuid.uuid4().hex}, self._jwk.key, algorithm="ES384", headers=headers)
        form = {"grant_type": "client_credentials", "scope": self._scope, "client_assertion_type": KIND}
        sent = urlencode({**form, "client_assertion": signed}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return server.ask(endpoint, sent, headers=kind, with_token=False)
