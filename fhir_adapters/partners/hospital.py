"""A hospital's own system that opens our pages: asked as its page says, never more than it was registered for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.store import plain
from fhir_adapters import delivery
from fhir_adapters.delivery import NotTaken
from fhir_adapters.partners.channel import ASSERTION, FHIR_JSON
from fhir_adapters.partners.identity import NotProven, read_id_token
from fhir_adapters.partners.keys import assertion
from workflows.people.apps import challenge_of
from workflows.people.hospitals import Begun, Hospital


class NotTold(Exception):
    """The hospital's system did not say what has to be known; the text is for people, and names nobody."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """`identifiers`: systems and numbers of the woman; `people`: everything that the hospital calls the person."""

    identifiers: tuple[tuple[str, str], ...]
    people: tuple[str, ...]


class Launcher:
    """`key`: by which we sign; `wall`: the machine's time."""

    def __init__(self, hospital: Hospital, key: Callable[[], tuple[str, str]], wall: Callable[[], datetime]) -> None:
        self._hospital, self._key, self._wall = hospital, key, wall

    def address(self, begun: Begun, launch: str, back: str) -> str:
        """Where the browser goes, so that the hospital's system says who it is and about whom."""
        end = self._described()["authorization_endpoint"]
        asked = {
            "response_type": "code",
            "client_id": self._hospital.client_id,
            "redirect_uri": back,
            "scope": self._hospital.scopes,
            "state": begun.state,
            "aud": self._hospital.issuer,
            "launch": launch,
            "nonce": begun.nonce,
            "code_challenge": challenge_of(begun.verifier),
            "code_challenge_method": "S256",
        }
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(asked)}"

    def arrived(self, begun: Begun, code: str, back: str) -> Arrived:
        """Raises NotTold, NotTaken."""
        described = self._described()
        told = self._claimed(described["token_endpoint"], begun, code, back)
        access, patient = str(told["access_token"]), told.get("patient")
        said = self._identity(described, told, begun)
        if not isinstance(patient, str) or not patient:
            raise NotTold("医院系统没有说明是哪位患者", "the hospital's system does not say which patient it is about")
        found = self._read(f"/Patient/{patient}", access)
        if found.get("resourceType") != "Patient" or found.get("id") != patient:
            raise NotTold("医院系统没有给出患者的资料", "the hospital's system does not give the patient's record")
        return Arrived(identifiers=_identifiers(found), people=self._people(said, access))

    def _described(self) -> dict[str, str]:
        found = self._asked("GET", self._hospital.issuer, "/.well-known/smart-configuration")
        ends = {name: str(found.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        for address in ends.values():
            if not self._is_theirs(address):
                raise NotTold(
                    "医院系统给出的登录地址不是它自己的", "the hospital's system names sign-in addresses not its own"
                )
        return {**ends, "issuer": str(found.get("issuer", ""))}

    def _is_theirs(self, address: str) -> bool:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}" in (_origin(self._hospital.issuer), *self._hospital.origins)

    def _claimed(self, end: str, begun: Begun, code: str, back: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.verifier}
        if self._hospital.authentication == "private_key_jwt":
            signed = assertion(self._key(), self._hospital.client_id, end, self._wall())
            form |= {"client_assertion_type": ASSERTION, "client_assertion": signed}
        else:
            form["client_id"] = self._hospital.client_id
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        told = self._asked("POST", end, "", sent, urlencode(form).encode())
        if not told.get("access_token"):
            raise NotTold("医院系统拒绝了登录", "the hospital's system refused the sign-in")
        return told

    def _identity(self, described: Mapping[str, str], told: Mapping[str, Any], begun: Begun) -> dict[str, Any]:
        keys = self._asked("GET", described["jwks_uri"], "")
        given = {"issuer": described["issuer"], "audience": self._hospital.client_id, "nonce": begun.nonce}
        try:
            return read_id_token(str(told.get("id_token", "")), keys, **given)
        except NotProven:
            raise NotTold("医院系统没有证明您是谁", "the hospital's system does not prove who you are") from None

    def _people(self, said: Mapping[str, Any], access: str) -> tuple[str, ...]:
        """The subject, the resource that stands for the person, and the numbers in it."""
        found, user = [str(said["sub"])], said.get("fhirUser")
        if isinstance(user, str) and user:
            place = user.removeprefix(self._hospital.issuer + "/")
            found += [user, place]
            type_, _, id_ = place.partition("/")
            if type_ in ("Practitioner", "PractitionerRole") and id_.isascii() and id_.replace("-", "").isalnum():
                with suppress(NotTold):  # who she is was said already; her numbers need another permission
                    found += [f"{system}|{value}" for system, value in _identifiers(self._read(f"/{place}", access))]
        return tuple(dict.fromkeys(found))

    def _read(self, path: str, access: str) -> dict[str, Any]:
        sent = {"Authorization": f"Bearer {access}", "Accept": FHIR_JSON}
        return self._asked("GET", self._hospital.issuer, path, sent)

    def _asked(
        self, method: str, base: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> dict[str, Any]:
        """One question. Raises NotTold for anything but an answer that can be read, NotTaken where nobody answers."""
        sent = {"Accept": "application/json", **(headers or {})}
        network, at = self._hospital.network, self._wall()
        answer = delivery.exchange(method, base, path, network=network, headers=sent, body=body, at=at)
        try:
            found = plain.loads(answer.body) if answer.status == 200 else None
        except Exception as error:
            raise NotTold("医院系统的回答读不懂", "the hospital's answer cannot be read") from error
        if not isinstance(found, dict):
            raise NotTold(
                f"医院系统没有回答（HTTP {answer.status}）",
                f"the hospital's system does not say (HTTP {answer.status})",
            )
        return found


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _identifiers(resource: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = resource.get("identifier")
    return tuple(
        (one["system"], one["value"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("system"), str) and isinstance(one.get("value"), str)
    )


__all__ = ["Arrived", "Launcher", "NotTaken", "NotTold"]
