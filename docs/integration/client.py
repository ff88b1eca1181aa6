"""A hospital system in twenty lines: sign in, send a woman in, read her first task."""

import json
import os
import sys
import time
import urllib.request
import uuid
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import jwt

BASE = os.environ.get("YUNTU", "http://127.0.0.1:8000")
KEY = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "var/his-demo-key.json").read_text())


def ask(path, body=None, **headers):
    with urllib.request.urlopen(urllib.request.Request(BASE + path, body, headers)) as answer:
        return answer.headers, json.load(answer)


claims = {
    "iss": "his-demo",
    "sub": "his-demo",
    "aud": f"{BASE}/oauth/token",
    "exp": int(time.time()) + 240,
    "jti": uuid.uuid4().hex,
}
signed = jwt.encode(claims, jwt.PyJWK(KEY).key, algorithm="ES384", headers={"kid": KEY["kid"]})
form = {"grant_type": "client_credentials", "client_assertion": signed, "scope": "system/*.cruds"}
form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
token = ask("/oauth/token", urlencode(form).encode())[1]["access_token"]
fhir = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
today = date.fromisoformat(os.environ.get("TODAY", date.today().isoformat()))
bundle = Path(__file__).with_name("registration-bundle.json").read_text(encoding="utf-8")
for word, day in {"{{TODAY}}": today, "{{LMP}}": today - timedelta(weeks=8)}.items():
    bundle = bundle.replace(word, day.isoformat())
headers, _ = ask("/fhir", bundle.encode(), **fhir)
case = headers["X-MCH-Correlated"].removeprefix("case/")
for entry in ask(f"/fhir/Task?focus=EpisodeOfCare/{case}&status=ready,accepted,in-progress", **fhir)[1].get(
    "entry", []
):
    print(
        entry["resource"]["description"],
        entry["resource"]["owner"]["reference"],
        entry["resource"]["restriction"]["period"]["end"],
    )
