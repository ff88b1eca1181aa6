"""The forms that ship with the product, and one complete example of each."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from workflows.forms.form import Form

QUESTIONNAIRES = Path(__file__).parent / "questionnaires"
_EXAMPLES = Path(__file__).parent / "examples"


def read_questionnaire(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)  # type: ignore[no-any-return]


def questionnaires_on_disk() -> dict[str, dict[str, Any]]:
    """Form id → Questionnaire as it stands in its file."""
    return {path.stem: read_questionnaire(path) for path in sorted(QUESTIONNAIRES.glob("*.json"))}


@cache
def forms_on_disk() -> dict[str, Form]:
    return {form_id: Form.parse(source) for form_id, source in questionnaires_on_disk().items()}


def example_answers(form_id: str) -> dict[str, Any]:
    """A filled form of an invented woman, registered on 2026-01-05: for documentation, demonstration and tests."""
    return read_questionnaire(_EXAMPLES / f"{form_id}.json")
