"""A county whose hospital speaks otherwise than over FHIR."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_adapters.arrivals.receiving import Receiver
from tests.fhir.conftest import Hospital, hospital_template, opened
from tests.inbound.messages import PROFILE

__all__ = ["hospital_template"]


@pytest.fixture
def hospital(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    with opened(server, hospital_template) as made:
        write_profile(made)
        yield made


@pytest.fixture(scope="module")
def busy(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    """One county for many messages: for what is refused, and for what leaves no case behind."""
    with opened(server, hospital_template) as made:
        write_profile(made)
        yield made


@pytest.fixture
def receiver(hospital: Hospital) -> Receiver:
    return Receiver(hospital.services)


def write_profile(hospital: Hospital, text: str = PROFILE, name: str = "his-demo") -> None:
    folder = hospital.settings.inbound
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
