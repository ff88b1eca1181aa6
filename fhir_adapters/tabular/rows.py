"""A row, as it was stored, -> one result. The client's file says what its columns mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Malformed
from engine.store import plain
from fhir_adapters.arrivals.building import Result, observation, patient
from fhir_adapters.arrivals.model import Reading, Subject, Troubles, refused
from fhir_adapters.arrivals.profile import Profile, Table
from fhir_adapters.arrivals.values import day, is_id_card, moment
from fhir_adapters.entries import Entry
from fhir_adapters.store.arrivals import Arrival
from fhir_adapters.terminology import ID_CARD, item_of

KIND = "row"
STATUS = {
    **{"": "final", "F": "final", "final": "final", "已审核": "final", "已发布": "final", "审核": "final"},
    **{"P": "preliminary", "preliminary": "preliminary", "初步": "preliminary", "未审核": "preliminary"},
    **{"C": "corrected", "corrected": "corrected", "更正": "corrected", "修正": "corrected"},
    **{"X": "cancelled", "cancelled": "cancelled", "取消": "cancelled"},
    **{"W": "entered-in-error", "D": "entered-in-error", "作废": "entered-in-error", "撤销": "entered-in-error"},
}
_PATIENT = ("mrn", "id_card", "handbook")


def read(arrival: Arrival, profile: Profile) -> Reading:
    """Raises NotUnderstood with the line and the column. `origin` is `table/place`: `lab/2026-01-05.csv line 4`."""
    name, _, place = arrival.origin.partition("/")
    table = profile.table(name)
    if table is None:
        raise refused("", "MCH-I-060", f"接入档案中没有表“{name}”", "the client's file knows no such table", KIND)
    at = place.rpartition("line ")[2] if "line " in place else ""
    row = of_line(arrival.body, table, at) if arrival.channel == "csv" else of_view(arrival.body)
    return reading(row, table, profile, at)


def of_line(body: bytes, table: Table, at: str) -> dict[str, str]:
    """The header line and one line, as they stood in the file."""
    text = decoded(body, table.encoding, at)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter, strict=False))
    if len(lines) != 2:
        raise refused(_line(at), "MCH-I-061", "应为表头和一行", "a header and one row are expected", KIND)
    header, values = [h.strip().lstrip("\ufeff") for h in lines[0]], lines[1]
    if len(header) != len(values):
        zh, en = f"有 {len(values)} 列，表头有 {len(header)} 列", f"{len(values)} columns, the header has {len(header)}"
        raise refused(_line(at), "MCH-I-062", zh, en, KIND)
    if any("\x00" in value for value in values):
        raise refused(_line(at), "MCH-I-063", "含有无效字符", "it holds a character that no text has", KIND)
    return dict(zip(header, values, strict=True))


def of_view(body: bytes) -> dict[str, str]:
    try:
        told = plain.loads(body)
    except Malformed as error:
        raise refused("", "MCH-I-061", "不是可读的行", "no readable row", KIND) from error
    if not isinstance(told, Mapping):
        raise refused("", "MCH-I-061", "不是可读的行", "no readable row", KIND)
    return {str(name): "" if value is None else str(value) for name, value in told.items()}


def decoded(body: bytes, encoding: str, at: str = "") -> str:
    """UTF-8 where it is that, else GB 18030; or what the client's file says. Raises NotUnderstood."""
    for tried in ("utf-8-sig", "gb18030") if encoding == "auto" else (encoding,):
        try:
            return body.decode(tried)
        except (UnicodeDecodeError, LookupError):
            continue
    raise refused(_line(at), "MCH-I-064", "不是 UTF-8 或 GB 18030 编码", "neither UTF-8 nor GB 18030", KIND)


def reading(row: Mapping[str, str], table: Table, profile: Profile, at: str) -> Reading:
    troubles = Troubles(KIND)
    missing = [name for name in table.columns if name not in row]
    for name in missing:
        troubles.add(_place(at, name), "MCH-I-065", "缺少此列", "this column is missing")
    troubles.raise_any()
    said: dict[str, tuple[str, str]] = {}  # role -> column and value
    for name, role in table.columns.items():
        if not role.startswith("item:"):
            said[role] = name, row[name].strip()
    who = _subject(said, profile, at, troubles)
    observed = _time(said, "observed_at", at, troubles)
    issued = _time(said, "reported_at", at, troubles) or _time(said, "updated_at", at, troubles)
    status_column, status_text = said.get("status", ("", ""))
    status = STATUS.get(status_text)
    if status is None:
        troubles.add(_place(at, status_column), "MCH-I-041", "不认识的结果状态", "unknown status of a result")
    if observed is None and status not in (None, "cancelled", "entered-in-error") and not troubles.found:
        troubles.add(_line(at), "MCH-I-032", "缺少检查时间", "the time of observation is missing")
    entries: list[Entry] = []
    unmapped: dict[str, str] = {}
    for result in _results(row, table, said, at, observed, issued, status or "", troubles):
        entry, unknown = observation(profile, result)
        entries.append(entry)
        if unknown:
            unmapped[entry.at] = unknown
    if not entries and not troubles.found:
        troubles.add(_line(at), "MCH-I-020", "没有结果", "no result")
    troubles.raise_any()
    return Reading(kind=KIND, subject=who, entries=tuple(entries), told_at=issued, unmapped=unmapped)


def _results(
    row: Mapping[str, str],
    table: Table,
    said: Mapping[str, tuple[str, str]],
    at: str,
    observed: str | None,
    issued: str | None,
    status: str,
    troubles: Troubles,
) -> Iterator[Result]:
    """One by its code and value, or one for each column that is an item by itself."""
    order = said.get("order", ("", ""))[1] or said.get("id", ("", ""))[1]
    key = order or f"{next((said[r][1] for r in _PATIENT if said.get(r, ('', ''))[1]), '')}/{observed}"
    common: dict[str, Any] = {"status": status, "observed_at": observed, "issued": issued}
    if "code" in said and "value" in said:
        code_column, code = said["code"]
        value_column, value = said["value"]
        if not code:
            troubles.add(_place(at, code_column), "MCH-I-040", "缺少项目代码", "the code is missing")
            return
        unit = said.get("unit", ("", ""))[1] or table.units.get(code, "")
        text = said.get("text", ("", ""))[1]
        place = _place(at, value_column)
        yield Result(
            key=f"{key}/{code}"[:250], code=code, system="", text=text, value=value, unit=unit, at=place, **common
        )
    for name, role in table.columns.items():
        if role.startswith("item:") and row[name].strip():
            item = item_of(role[5:])
            yield Result(
                key=f"{key}/{role[5:]}"[:250], code=item.code, system=item.system, text=name, value=row[name].strip(),
                unit=table.units.get(name, ""), at=_place(at, name), **common,
            )  # fmt: skip


def _subject(said: Mapping[str, tuple[str, str]], profile: Profile, at: str, troubles: Troubles) -> Subject | None:
    identities: list[tuple[str, str]] = []
    for role in ("id_card", "mrn", "handbook"):
        column, value = said.get(role, ("", ""))
        system = profile.system_of(role)
        if not value or system is None:
            continue
        value = value.upper() if system == ID_CARD else value
        if system == ID_CARD and not is_id_card(value):
            troubles.add(_place(at, column), "MCH-I-022", "身份证号校验不符", "no valid identity card number")
            continue
        identities.append((system, value))
    if not identities:
        troubles.add(_line(at), "MCH-I-100", "没有可用的病人号码", "no number that names the patient")
        return None
    column, born = said.get("birth_date", ("", ""))
    birth_date = None
    try:
        birth_date = day(born) if born else None
    except ValueError:
        troubles.add(_place(at, column), "MCH-I-021", "不是日期", "no date")
    name, phone, sex = (said.get(role, ("", ""))[1] for role in ("name", "phone", "sex"))
    return Subject(patient=patient(identities, name, birth_date, sex, phone), at=_line(at))


def _time(said: Mapping[str, tuple[str, str]], role: str, at: str, troubles: Troubles) -> str | None:
    column, text = said.get(role, ("", ""))
    if not text:
        return None
    try:
        found = moment(text)
    except ValueError:
        troubles.add(_place(at, column), "MCH-I-021", "不是时间", "no time")
        return None
    return found if len(found) >= 10 else None


def _line(at: str) -> str:
    return f"line {at}" if at else "row"


def _place(at: str, column: str) -> str:
    return f"{_line(at)}, {column}"
