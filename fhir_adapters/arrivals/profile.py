"""What is agreed with one hospital system, a YAML file for each: which number is which, what its own codes mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Fault, Incorrect, Text
from fhir_adapters.terminology import (
    ADMISSION_NO,
    DOCUMENT_PREFIX,
    HANDBOOK,
    HEALTH_CARD,
    HEALTH_RECORD,
    ID_CARD,
    INSURANCE_CARD,
    ITEMS,
    MRN_PREFIX,
    SOCIAL_CARD,
    is_identity,
)

log = logging.getLogger(__name__)

NUMBERS = {  # HL7 table 0203 and the words of header mappings
    "NI": ID_CARD,
    "NNCHN": ID_CARD,
    "SFZ": ID_CARD,
    "ID": ID_CARD,
    "id_card": ID_CARD,
    "PPN": f"{DOCUMENT_PREFIX}passport",
    "SS": SOCIAL_CARD,
    "HC": HEALTH_CARD,
    "MI": INSURANCE_CARD,
    "handbook": HANDBOOK,
    "health_record": HEALTH_RECORD,
    "admission_no": ADMISSION_NO,
}
MRN_TYPES = frozenset({"MR", "PI", "PT", "mrn", ""})  # the institution's own number of the patient
ROLES = frozenset(
    {"id", "mrn", "id_card", "handbook", "name", "birth_date", "phone", "order", "code", "text", "value", "unit"}
    | {"observed_at", "reported_at", "status", "updated_at", "sex"}
)
AS_ASKED, ORIGINAL = "as-asked", "original"  # one answer or two, by MSH-15 and MSH-16; one whatever they say
IN_EARNEST = frozenset({"P"})  # of MSH-11 (HL7 table 0103) what is taken, unless a file says more
PROCESSING = ("P", "T", "D")
_SECTIONS = frozenset(
    {"client", "mrn", "facilities", "certificate", "charset", "codes", "values", "units", "numbers"}
) | {
    "acknowledgement",
    "processing",
    "obstetrics",
    "documents",
    "files",
    "views",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A local code: the item that it measures, and the unit where the sender leaves it out."""

    item: str
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file or view of rows. `columns`: header to role, or to `item:<name>` where a column is a result by itself."""

    name: str
    columns: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "auto"
    delimiter: str = ","
    query: str = ""
    high_water: str = ""
    overlap_s: int = 600
    database: str = ""  # the environment variable that holds its address


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    client: str
    mrn: str
    facilities: frozenset[tuple[str, str]] = frozenset()
    certificate: str = ""
    charset: str = ""
    acknowledgement: str = AS_ASKED
    processing: frozenset[str] = IN_EARNEST
    codes: Mapping[str, Code] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    obstetrics: frozenset[str] = frozenset()
    files: tuple[Table, ...] = ()
    views: tuple[Table, ...] = ()

    @property
    def mrn_system(self) -> str:
        return f"{MRN_PREFIX}{self.mrn}"

    def system_of(self, type_: str) -> str | None:
        """Of a number by its type; None for one that names nobody."""
        system = self.numbers.get(type_) or NUMBERS.get(type_) or (self.mrn_system if type_ in MRN_TYPES else None)
        return system if system and is_identity(system) else None

    def table(self, name: str) -> Table | None:
        return next((t for t in (*self.files, *self.views) if t.name == name), None)


class Profiles:
    """The files of a folder, read again when one changes. `entered`: by client what was entered on its page, which goes
    before its file."""

    def __init__(self, folder: Path, entered: Callable[[], Mapping[str, str]] = dict) -> None:
        self.folder = folder
        self._entered = entered

    def all(self) -> dict[str, Profile]:
        """By client; a file that is wrong stops nobody else, and is said in the log."""
        found = self._files()
        for client, text in self._entered().items():
            try:
                found[client] = read_text(text, client)
            except Incorrect as error:
                log.error("%s %s", error.message.en, "; ".join(fault.path for fault in error.faults))
        return found

    def _files(self) -> dict[str, Profile]:
        found: dict[str, Profile] = {}
        for path in sorted(self.folder.glob("*.yaml")):
            try:
                profile = _read(path, path.stat().st_mtime_ns)
            except Incorrect as error:
                log.error("%s %s", error.message.en, "; ".join(fault.path for fault in error.faults))
                continue
            found[profile.client] = profile
        return found

    def of(self, client: str) -> Profile:
        """Of a client without a file: what holds for everybody, its own numbers under its name. Raises Incorrect with
        the places where its file is wrong."""
        found = self.all().get(client)
        path = self.folder / f"{client}.yaml"
        if found is None and path.is_file():
            return _read(path, path.stat().st_mtime_ns)
        return found or Profile(client=client, mrn=client)

    def by_facility(self, application: str, facility: str) -> Profile | None:
        """Whose messages say this in MSH-3 and MSH-4; an application left out in the file stands for any. What two
        files claim is nobody's."""
        every = self.all().values()
        for said in ((application, facility), ("", facility)):
            found = [profile for profile in every if said in profile.facilities]
            if found:
                return found[0] if len(found) == 1 else None
        return None


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> Profile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(path.name, "不是可读的 YAML", "is no readable YAML") from error
    return read_text(text, path.name)


@lru_cache(maxsize=256)
def read_text(text: str, name: str) -> Profile:
    """Raises Incorrect with the place of every fault."""
    try:
        told = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise _wrong(name, "不是可读的 YAML", "is no readable YAML") from error
    return read_profile(told, name)


def read_profile(told: Any, name: str) -> Profile:
    """Raises Incorrect with the place of every fault."""
    faults: list[Fault] = []
    if not isinstance(told, Mapping):
        raise _wrong(name, "应为键值", "must be a mapping")
    for key in told.keys() - _SECTIONS:
        faults.append(_fault(f"{name}: {key}", "没有这一项", "no such entry"))
    client = told.get("client")
    if not isinstance(client, str) or not client:
        faults.append(_fault(f"{name}: client", "缺少接入系统的名称", "the registered system's name is needed"))
    codes = _codes(told.get("codes"), name, faults)
    tables = {kind: _tables(told.get(kind), f"{name}: {kind}", kind, faults) for kind in ("files", "views")}
    facilities = frozenset(
        (str(one.get("application") or ""), str(one.get("facility") or ""))
        for one in _rows(told.get("facilities"), f"{name}: facilities", faults)
    )
    values = _mapping(told.get("values"), f"{name}: values", faults)
    for item in values:
        if not isinstance(values[item], Mapping):
            faults.append(_fault(f"{name}: values.{item}", "应为键值", "must be a mapping"))
    obstetrics = told.get("obstetrics") or ()
    if isinstance(obstetrics, str) or not isinstance(obstetrics, (list, tuple)):
        faults.append(_fault(f"{name}: obstetrics", "应为列表", "must be a list"))
        obstetrics = ()
    acknowledgement = told.get("acknowledgement") or AS_ASKED
    if acknowledgement not in (AS_ASKED, ORIGINAL):
        at = f"{name}: acknowledgement"
        faults.append(_fault(at, f"应为 {AS_ASKED} 或 {ORIGINAL}", f"must be {AS_ASKED} or {ORIGINAL}"))
    processing = told.get("processing") or sorted(IN_EARNEST)
    if not isinstance(processing, list) or not set(map(str, processing)) <= set(PROCESSING):
        faults.append(_fault(f"{name}: processing", "应为 P、T、D 的列表", "must be a list of P, T, D"))
        processing = sorted(IN_EARNEST)
    if faults:
        raise Incorrect("接入档案有误", "the client's file is wrong", code="inbound-profile", faults=faults)
    return Profile(
        client=str(client),
        mrn=str(told.get("mrn") or client),
        facilities=facilities,
        certificate=str(told.get("certificate") or ""),
        charset=str(told.get("charset") or ""),
        acknowledgement=str(acknowledgement),
        processing=frozenset(map(str, processing)),
        codes=codes,
        values={str(k): {str(a): str(b) for a, b in v.items()} for k, v in values.items()},
        units={str(k): str(v) for k, v in _mapping(told.get("units"), name, faults).items()},
        numbers={str(k): str(v) for k, v in _mapping(told.get("numbers"), name, faults).items()},
        obstetrics=frozenset(str(one) for one in obstetrics),
        files=tables["files"],
        views=tables["views"],
    )


def _codes(told: Any, name: str, faults: list[Fault]) -> dict[str, Code]:
    found = {}
    for code, meaning in _mapping(told, f"{name}: codes", faults).items():
        meaning = {"item": meaning} if isinstance(meaning, str) else meaning
        item = meaning.get("item") if isinstance(meaning, Mapping) else None
        if item not in ITEMS:
            faults.append(_fault(f"{name}: codes.{code}", "没有这个检查项目", "no such item"))
            continue
        unit = meaning.get("unit")
        found[str(code)] = Code(item=str(item), unit=str(unit) if unit else None)
    return found


def _tables(told: Any, at: str, kind: str, faults: list[Fault]) -> tuple[Table, ...]:
    found = []
    for number, one in enumerate(_rows(told, at, faults)):
        here = f"{at}[{number}]"
        columns = _mapping(one.get("columns"), f"{here}.columns", faults)
        for header, role in columns.items():
            if role not in ROLES and not (str(role).startswith("item:") and str(role)[5:] in ITEMS):
                faults.append(_fault(f"{here}.columns.{header}", "没有这个含义", "no such meaning"))
        if not columns or not {"mrn", "id_card", "handbook"} & set(map(str, columns.values())):
            faults.append(_fault(f"{here}.columns", "须有一列能认出病人", "one column must name the patient"))
        if not one.get("name"):
            faults.append(_fault(f"{here}.name", "缺少名称", "a name is needed"))
        for wanted in ("query", "high_water", "database") if kind == "views" else ():
            if not one.get(wanted):
                faults.append(_fault(f"{here}.{wanted}", "必填", "is needed"))
        found.append(
            Table(
                name=str(one.get("name")),
                columns={str(k): str(v) for k, v in columns.items()},
                units={str(k): str(v) for k, v in _mapping(one.get("units"), f"{here}.units", faults).items()},
                encoding=str(one.get("encoding") or "auto"),
                delimiter=str(one.get("delimiter") or ","),
                query=str(one.get("query") or ""),
                high_water=str(one.get("high_water") or ""),
                overlap_s=int(one.get("overlap_s") or 600),
                database=str(one.get("database") or ""),
            )
        )
    return tuple(found)


def _mapping(told: Any, at: str, faults: list[Fault]) -> dict[Any, Any]:
    if told is None:
        return {}
    if not isinstance(told, Mapping):
        faults.append(_fault(at, "应为键值", "must be a mapping"))
        return {}
    return dict(told)


def _rows(told: Any, at: str, faults: list[Fault]) -> list[Mapping[str, Any]]:
    if told is None:
        return []
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        faults.append(_fault(at, "应为列表", "must be a list of mappings"))
        return []
    return told


def _fault(path: str, zh: str, en: str) -> Fault:
    return Fault(path=path, message=Text(zh=zh, en=en))


def _wrong(name: str, zh: str, en: str) -> Incorrect:
    return Incorrect(f"{name} {zh}", f"{name} {en}", code="inbound-profile", faults=[_fault(name, zh, en)])
