"""A submission -> QuestionnaireResponse, as the form itself writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, person, reference
from workflows.forms import Form

WITHOUT_A_NAME = "event_anonymous"  # the answer of whoever reports an adverse event and is not to be named


def to_response(form: Form, answers: Mapping[str, Any], case: Case, *, id_: str, encounter_id: str | None) -> Json:
    """What was entered on a page or over JSON; one that came over FHIR is stored as it came instead."""
    header: Json = {
        "id": id_,
        "extension": case.episode_extension,
        "basedOn": [reference("CarePlan", case.instance_id)] if case.patient_id else None,
        "subject": case.subject,
        "encounter": reference("Encounter", encounter_id),
        "authored": local_text(case.happened_at),
        "author": None if answers.get(WITHOUT_A_NAME) is True else person(case.by),
    }
    written = form.to_response(answers, **{name: value for name, value in header.items() if value})
    if not written["item"]:
        del written["item"]
    return {"resourceType": "QuestionnaireResponse", "id": id_, **{k: v for k, v in written.items() if k != "id"}}
