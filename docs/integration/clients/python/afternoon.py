"""An integrator's afternoon with fhirpy: docs/integration/clients/README.md says what it shows and what it prints."""

import hashlib
import hmac
import json
import os
import queue
import threading
import time
import uuid
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome

BASE = os.environ.get("YUNTU", "http://127.0.0.1:8000")
KEY = json.loads(Path(os.environ.get("YUNTU_KEY", "var/his-demo-key.json")).read_text())
SECRET = Path(os.environ.get("YUNTU_SECRET", "var/his-demo-secret.txt")).read_text().strip()
HOOK = os.environ.get("YUNTU_HOOK", "http://127.0.0.1:9009/told")
WOMAN = os.environ.get("YUNTU_WOMAN", "999999199508171548")
GUIDE = Path(__file__).resolve().parents[2]
TODAY, NOW = date.today(), datetime.now().astimezone().isoformat(timespec="seconds")
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def from_guide(name):
    text = (GUIDE / name).read_text(encoding="utf-8").replace("999999199508171548", WOMAN)
    days = {"{{TODAY}}": TODAY, "{{LMP}}": TODAY - timedelta(weeks=8)}
    for word, day in days.items():
        text = text.replace(word, day.isoformat())
    return json.loads(text)


# 1. A token, as SMART Backend Services has it: the address from the server, an assertion signed with our key.
token_url = requests.get(f"{BASE}/fhir/.well-known/smart-configuration", timeout=10).json()["token_endpoint"]
claims = {"iss": "his-demo", "sub": "his-demo", "aud": token_url, "exp": int(time.time()) + 240}
claims["jti"] = uuid.uuid4().hex
form = {"grant_type": "client_credentials", "scope": "system/*.cruds"}
form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
form["client_assertion"] = jwt.encode(claims, jwt.PyJWK(KEY).key, "ES384", {"kid": KEY["kid"]})
granted = requests.post(token_url, data=form, timeout=10).json()
client = SyncFHIRClient(f"{BASE}/fhir", authorization=f"Bearer {granted['access_token']}")
print("token:", granted["scope"])

# 2. A subscription, and somebody who takes what comes: the mark is checked before anything is read.
told = queue.Queue()


class Told(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mark = dict(part.split("=", 1) for part in self.headers["X-MCH-Signature"].split(","))
        wanted = hmac.new(SECRET.encode(), f"{mark['t']}.".encode() + body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(wanted, mark["v1"]) and abs(time.time() - int(mark["t"])) < 300
        self.send_response(200 if genuine else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if genuine:
            told.put(json.loads(body))

    def log_message(self, *_):
        pass


def focuses(notification):
    status = notification["entry"][0]["resource"]["parameter"]
    parts = [part for one in status if one["name"] == "notification-event" for part in one["part"]]
    found = [part["valueReference"]["reference"] for part in parts if part["name"] == "focus"]
    return [reference.removeprefix(f"{BASE}/fhir/") for reference in found]


receiver = HTTPServer((urlsplit(HOOK).hostname, urlsplit(HOOK).port), Told)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
subscription = client.resource(
    "Subscription",
    status="requested",
    reason="what becomes of tasks",
    criteria="https://fhir.example.org/mch/SubscriptionTopic/task-status",
    channel={"type": "rest-hook", "endpoint": HOOK, "payload": "application/fhir+json"},
).save()
told.get(timeout=30)  # the handshake
while subscription["status"] == "requested":  # our answer to it is still being noted
    subscription.refresh()
print("subscription:", subscription["status"])

# 3. A woman: one transaction, in which she is made only if nobody has her identity number.
answer = client.execute("", data=from_guide("registration-bundle.json"))
patient = client.reference("Patient", answer.entry[0].response.location.split("/Patient/")[1].split("/")[0])
case = client.resources("EpisodeOfCare").search(patient=patient.reference, status="active").get()
print("case:", case.id)

# 4. What was measured and what the laboratory found.
pressure = client.resource(
    "Observation",
    status="final",
    code={"coding": [{"system": LOINC, "code": "85354-9"}]},
    subject=patient,
    effectiveDateTime=NOW,
    component=[
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }
        for code, value in (("8480-6", 118), ("8462-4", 76))
    ],
).save()
identifier = [{"system": "https://his.example/lab", "value": f"hb-{case.id}"}]
haemoglobin = client.resource(
    "Observation",
    status="final",
    identifier=identifier,
    code={"coding": [{"system": LOINC, "code": "718-7"}]},
    subject=patient,
    effectiveDateTime=NOW,
    valueQuantity={"value": 112, "unit": "g/L", "system": UCUM, "code": "g/L"},
)
by_number = client.resources("Observation").search(identifier=f"https://his.example/lab|hb-{case.id}")
haemoglobin, is_new = by_number.get_or_create(haemoglobin)
again, is_new_again = by_number.get_or_create(haemoglobin)
print("results:", 2 if (is_new, is_new_again, again.id) == (True, False, haemoglobin.id) else "one of them twice")

# 5. The work list, page by page, each task with its patient.
worklist = client.resources("Task").search(status="ready,accepted,in-progress").include("Task", "patient")
tasks = worklist.sort("due").limit(2).fetch_all()  # tasks; fetch_raw() shows the patients too
patients = [one.resource for one in worklist.limit(2).fetch_raw().entry if one.search.mode == "include"]
task = next(one for one in tasks if "for" in one and one["for"].reference == patient.reference)
print("work list:", "paged" if len(tasks) > 2 else "one page", "with patients" if patients else "without patients")

# 6. Her first task: taken, then finished with the form that it asks for.
of_this_version = {"If-Match": f'W/"{task.meta.versionId}"'}  # fhirpy has headers for a client, not for a request
taking = SyncFHIRClient(client.url, client.authorization, extra_headers=of_this_version)
taken = taking.execute(f"Task/{task.id}", "put", {**task, "status": "accepted"})
form = from_guide("registration-response.json")
form |= {"questionnaire": task.input[0].valueCanonical, "subject": patient, "basedOn": [task.to_reference()]}
client.resource(form.pop("resourceType"), **form).save()
task.refresh()
print("task:", taken.status, task.status)

# 7. What is wrong is said where it is wrong.
try:
    wrong = {"value": 112, "unit": "g/L", "code": "g/L"}  # whose code?
    client.resource("Observation", **{**haemoglobin, "id": None, "valueQuantity": wrong}).save()
except OperationOutcome as refused:
    print("refused:", refused.resource["issue"][0]["expression"][0])

# 8. What we were told meanwhile.
heard = []
while heard.count(f"Task/{task.id}") < 3:
    heard += focuses(told.get(timeout=30))
print("told: three changes of the task")
subscription.delete()

# 9. How the task came to where it is.
history = client.execute(f"Task/{task.id}/_history", "get")
print("history:", *(one.resource.status for one in history.entry))
