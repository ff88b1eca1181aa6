"""What each sample becomes, resource by resource. A change here is a change of what hospitals' systems mean to us."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from engine.store import plain
from fhir_adapters.arrivals.profile import read_profile
from fhir_adapters.arrivals.receiving import READERS
from fhir_adapters.store.arrivals import Arrival
from tests.inbound.messages import PROFILE, adt, joined, oru, pid
from tests.inbound.messages import header as msh

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integration"
GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
CSV = (GUIDE / "lab.csv").read_bytes().splitlines(keepends=True)
SCHEDULE = "SCH|P1|F1|||||ANC^产检||||^^^20260120090000^20260120093000"
SAMPLES = {
    "oru-pressure-and-protein": ("hl7v2", (GUIDE / "result.hl7").read_bytes().replace(b"\n", b"\r")),
    "oru-structured-and-file": (
        "hl7v2",
        oru(
            "OBX|1|SN|2889-4^24小时尿蛋白^LN||>^5|g/24h|||||F",
            "NTE|1||复查\\T\\确认",
            "OBX|2|ED|RPT^报告^L||^AP^PDF^Base64^JVBERi0=||||||F",
        ),
    ),
    "adt-a01": ("hl7v2", adt("A01")),
    "adt-a04": ("hl7v2", adt("A04", visit="PV1|1|O|||||||||||||||||V200")),
    "siu-s12": ("hl7v2", joined(msh("SIU^S12^SIU_S12", "S1"), SCHEDULE, pid())),
    "cda-visit": ("cda", (GUIDE / "visit.xml").read_bytes()),
    "csv-row": ("csv", CSV[0] + CSV[1]),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_becomes_exactly_these_resources(name):
    channel, body = SAMPLES[name]
    arrival = Arrival(
        id=UUID(int=1), client="his-demo", channel=channel, origin="lab/a.csv line 2", control_id="", received_at=NOW,
        digest="", body=body, corrects=None, corrected_by=None,
    )  # fmt: skip
    reading = READERS[channel](arrival, read_profile(yaml.safe_load(PROFILE), "his-demo.yaml"))

    made = {
        "kind": reading.kind,
        "told_at": reading.told_at,
        "subject": reading.subject.patient,
        "entries": [{"at": e.at, "resource": without_data(e.resource)} for e in reading.entries],
        "unmapped": dict(reading.unmapped),
    }
    assert plain.loads(plain.dumps(made)) == plain.loads((GOLDEN / f"{name}.json").read_bytes())


def without_data(resource):
    """The attached document itself is compared where it is read back."""
    forms = [{**form, "data": len(form["data"])} for form in resource.get("presentedForm", ())]
    return {**resource, **({"presentedForm": forms} if forms else {})}
