"""One run: the server, what was made there and is taken away again, and how what was found is said."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from runtime.conformance.asking import Answer, Server

SYSTEM = "urn:yuntu:fhir-check"  # of every identifier of what is made here: nothing else is ever touched
NAME = "符合性自检"
LOINC = "http://loinc.org"
HOURS = ("08", "09", "10")  # of what is searched
_ETAG = re.compile(r'W/"(\d+)"')


class Skip(Exception):
    """It cannot be asked here: why, in both languages."""


def both(zh: str, en: str) -> str:
    return f"{zh} / {en}"


@dataclass(slots=True)
class Session:
    """`listen`: host, port and the address by which the server reaches it; `signs`: asks for a token as a system
    does."""

    server: Server
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    made: list[tuple[str, str]] = field(default_factory=list)
    patient: Mapping[str, Any] | None = None
    listen: tuple[str, int, str] | None = None
    signs: Any = None
    wait_s: float = 30.0
    has_hours: bool = False

    def identifier(self, part: str) -> dict[str, str]:
        return {"system": SYSTEM, "value": f"{self.run}-{part}"}

    def condition(self, part: str) -> str:
        return "identifier=" + quote(f"{SYSTEM}|{self.run}-{part}", safe="")

    def person(self, part: str, **more: Any) -> dict[str, Any]:
        """Nobody: a name that says so, no number of a person."""
        return {
            "resourceType": "Patient",
            "identifier": [self.identifier(part)],
            "name": [{"text": NAME}],
            "gender": "female",
            "birthDate": "1990-01-01",
            **more,
        }

    def observation(self, at: str = "2026-01-05T08:00:00+08:00", **more: Any) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "preliminary",  # no rule looks at it
            "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
            "subject": {"reference": f"Patient/{self.someone()['id']}"},
            "effectiveDateTime": at,
            **more,
        }

    def someone(self) -> Mapping[str, Any]:
        """The Patient of this run. Raises Skip where none can be made."""
        if self.patient is None:
            answer = self.create(self.person("someone"))
            if answer.status != 201 or not isinstance(answer.body, Mapping) or not answer.get("id"):
                raise Skip(both("不能新建 Patient", "no Patient can be created") + f": {answer.status}")
            self.patient = answer.body
        return self.patient

    def searched(self) -> str:
        """The Patient whose Observations are searched: three, an hour apart."""
        id_ = str(self.someone()["id"])
        if not self.has_hours:
            self.has_hours = True
            for number, hour in enumerate(HOURS):
                self.create(self.observation(f"2025-12-31T{hour}:00:00+08:00", valueInteger=70 + number))
        return id_

    def create(self, resource: Mapping[str, Any], **headers: str) -> Answer:
        answer = self.server.send("POST", f"/{resource['resourceType']}", resource, **headers)
        self.note(answer)
        return answer

    def note(self, answer: Answer) -> None:
        """What was made is taken away in the end."""
        if answer.status in (200, 201) and answer.kind not in ("", "Bundle", "OperationOutcome") and answer.get("id"):
            self.remember(answer.kind, str(answer.get("id")))
        for one in answer.entries:
            location = (
                (one.get("response") or {}).get("location", "") if isinstance(one.get("response"), Mapping) else ""
            )
            found = re.search(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\d+)?$", str(location))
            if found:
                self.remember(found[1], found[2])

    def remember(self, type_: str, id_: str) -> None:
        if (type_, id_) not in self.made:
            self.made.append((type_, id_))

    def clean(self) -> list[str]:
        """Take away everything of this run, the last first; answers what is still there."""
        for part in ("someone", "parallel", "conditional", "whole", "twice", "changed", "alone", "gone"):
            for one in self.server.ask(f"/Patient?{self.condition(part)}").resources:
                if any(i.get("value") == self.identifier(part)["value"] for i in one.get("identifier", ())):
                    self.remember("Patient", str(one.get("id")))
        people = [one for one in self.made if one[0] == "Patient"]
        left = []
        for type_, id_ in [*reversed([one for one in self.made if one[0] != "Patient"]), *people]:
            self.server.ask(f"/{type_}/{id_}", method="DELETE")
            if self.server.ask(f"/{type_}/{id_}").status not in (404, 410):
                left.append(f"{type_}/{id_}")
        return left


def expect(answer: Answer, status: int | tuple[int, ...], kind: str | None = None) -> str | None:
    wanted = status if isinstance(status, tuple) else (status,)
    if answer.status not in wanted:
        said = " | ".join(map(str, wanted))
        return both(f"状态 {answer.status}，应为 {said}", f"status {answer.status}, expected {said}")
    if kind is not None and answer.kind != kind:
        got = answer.kind or "no resource"
        return both(f"得到 {got}，应为 {kind}", f"{got}, expected {kind}")
    return None


def version(answer: Answer) -> int | None:
    """The number in the ETag."""
    found = _ETAG.fullmatch(answer.headers.get("etag", ""))
    return int(found[1]) if found else None


def refusal(answer: Answer, status: int | tuple[int, ...], place: str | None = None) -> str | None:
    """An OperationOutcome of this status that says where, in both languages, and nothing of the machine."""
    if wrong := expect(answer, status, "OperationOutcome"):
        return wrong
    if place is not None and place not in {at for one in answer.issues for at in one.get("expression", [])}:
        return both(f"没有指出位置 {place}", f"the place {place} is not named")
    for one in answer.issues:
        text = (one.get("details") or {}).get("text", "") if isinstance(one.get("details"), Mapping) else ""
        if not re.search("[\u4e00-\u9fff]", text) or not re.search("[A-Za-z]{3}", text):
            return both("问题说明应有中英两种语言", "an issue is not said in both languages")
    return None
