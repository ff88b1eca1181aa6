"""The sample senders of the guide, run as they stand against a listener and a server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from werkzeug.serving import make_server

from fhir_adapters.arrivals.profile import read_profile
from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound.folder import Folder
from runtime.inbound.mllp import Listener
from tests.inbound.conftest import write_profile

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integration"


@pytest.fixture
def county(hospital):
    write_profile(hospital, (GUIDE / "his-demo.yaml").read_text(encoding="utf-8"))
    return hospital


def run(*arguments, **environment):
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)


def values(hospital, woman):
    found = hospital.search(f"/Observation?patient={woman.patient_id}")
    coded = {o["code"]["coding"][0]["code"]: o for o in found if "valueQuantity" in o or "valueCodeableConcept" in o}
    return {
        code: o["valueQuantity"]["value"] if "valueQuantity" in o else o["valueCodeableConcept"]["coding"][0]["code"]
        for code, o in coded.items()
    }


def test_the_sample_message_is_sent_answered_and_sent_again(county):
    woman = county.brings_in()
    listener = Listener(Receiver(county.services), "127.0.0.1", 0)
    listener.start()
    try:
        place = "{}:{}".format(*listener.address)
        first, again = (run(GUIDE / "send_hl7.py", place, GUIDE / "result.hl7") for _ in range(2))
    finally:
        listener.stop()

    assert (first.returncode, first.stderr) == (0, "") and "MSA|AA|LAB-0001" in first.stdout
    assert again.stdout == first.stdout
    assert values(county, woman) == {"5804-0": "3+", "8480-6": 165, "8462-4": 112}


def test_the_sample_admission_is_accepted_and_then_applied(county):
    woman = county.brings_in()
    listener = Listener(Receiver(county.services), "127.0.0.1", 0)
    listener.start()
    try:
        place = "{}:{}".format(*listener.address)
        sent = run(
            GUIDE / "send_hl7.py", place, *(GUIDE / f"{name}.hl7" for name in ("admission", "result", "appointment"))
        )
    finally:
        listener.stop()

    assert (sent.returncode, sent.stderr) == (0, ""), sent.stdout
    codes = [line.split("|")[1:3] for line in sent.stdout.splitlines() if line.startswith("MSA|")]
    assert codes == [["CA", "ADT-0001"], ["AA", "ADT-0001"], ["AA", "LAB-0001"], ["CA", "SIU-0001"], ["AA", "SIU-0001"]]
    assert any(task.startswith("task_assess_labour") for task in woman.open_tasks())


def test_the_sample_document_is_uploaded(county):
    woman = county.brings_in()
    server = make_server("127.0.0.1", 0, county.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        done = run(GUIDE / "send_cda.py", GUIDE / "visit.xml", YUNTU=address, TOKEN=county.token("his-demo"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert values(county, woman) == {"8480-6": 118, "8462-4": 76}


def test_the_sample_file_is_taken(county):
    woman = county.brings_in()
    home = county.settings.inbound / "his-demo" / "lab"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(GUIDE / "lab.csv", home / "guide.csv")
    folder = Folder(Receiver(county.services))

    assert (folder.look(), folder.look()) == (0, 2)
    assert values(county, woman) == {"718-7": 118, "5804-0": "neg"}


def test_the_commented_view_of_the_sample_can_be_used_as_it_stands():
    text = (GUIDE / "his-demo.yaml").read_text(encoding="utf-8")
    start = text.index("# views:")
    opened = text[:start] + "\n".join(line[2:] for line in text[start:].splitlines())

    profile = read_profile(yaml.safe_load(opened), "his-demo.yaml")

    assert [view.name for view in profile.views] == ["lab_view"]
