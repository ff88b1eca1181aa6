"""What other registers know, brought in as CSV and compared with the cases: birth registration (XF-19), marriages of
the civil affairs (ZJ-46), pre-pregnancy checks (ZJ-26, CQ-07). All of a file or nothing."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from engine.errors import Conflict, Fault, Forbidden, Incorrect, NotFound, Text
from workflows import duplicates, intake, leads
from workflows.institutions import counted
from workflows.institutions.reported import Registered
from workflows.people.model import Principal
from workflows.policies.identity_card import is_valid
from workflows.services import Services
from workflows.store import imports as store
from workflows.task_access import today_in_china

KEEPERS = frozenset({"R-PM-F", "R-HCADM"})
MOST_ROWS = 5000
MOST_BYTES = 2_000_000
MOST_FAULTS = 50
COUNTS = "counts"
UNDER = 5  # years: whose death the register of children's deaths holds
YES = frozenset({"是", "yes", "1", "true", "怀孕"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`columns`: the heading of each, by our name; those of `needed` must be there. `day`: the one that is its date."""

    id: str
    name: Text
    columns: Mapping[str, str]
    needed: frozenset[str]
    day: str


SOURCES: dict[str, Source] = {
    one.id: one
    for one in (
        Source(
            id="births",
            name=Text(zh="出生登记", en="Birth registration"),
            columns={"name": "母亲姓名", "id_no": "母亲证件号", "born_on": "出生日期", "certificate": "出生医学证明号"},
            needed=frozenset({"name", "id_no", "born_on"}),
            day="born_on",
        ),
        Source(
            id="marriages",
            name=Text(zh="婚姻登记（民政）", en="Marriages (civil affairs)"),
            columns={"name": "姓名", "id_no": "证件号", "married_on": "登记日期", "phone": "电话"},
            needed=frozenset({"name", "id_no", "married_on"}),
            day="married_on",
        ),
        Source(
            id="prepregnancy",
            name=Text(zh="婚前孕前检查", en="Pre-pregnancy checks"),
            columns={
                **{"name": "姓名", "id_no": "证件号", "checked_on": "检查日期", "phone": "电话"},
                **{"pregnant": "是否怀孕", "lmp": "末次月经", "addr_current": "现住址"},
            },
            needed=frozenset({"name", "id_no", "checked_on", "phone", "addr_current"}),
            day="checked_on",
        ),
        Source(
            id="child_deaths",
            name=Text(zh="儿童死亡登记（5 岁以下）", en="Deaths of children under five"),
            columns={
                **{"name": "母亲姓名", "id_no": "母亲证件号", "born_on": "出生日期", "died_on": "死亡日期"},
                **{"cause": "死亡原因", "said_by": "填报来源"},
            },
            needed=frozenset({"name", "id_no", "born_on", "died_on", "said_by"}),
            day="died_on",
        ),
        Source(
            id="counts",
            name=Text(zh="儿保与门诊统计（按机构、时期）", en="Counts of child care and outpatients"),
            columns={
                **{"indicator": "指标编号", "organisation": "机构", "first": "开始日期", "last": "结束日期"},
                **{"numerator": "分子", "denominator": "分母", "said_by": "填报来源"},
            },
            needed=frozenset({"indicator", "organisation", "first", "last", "numerator", "denominator", "said_by"}),
            day="last",
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class BringIn:
    """Answers `Brought`. `rows`: checked, in the order of the file."""

    source: str
    sha256: str
    rows: tuple[Mapping[str, str], ...]
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class Brought:
    batch_id: str
    rows: int
    matched: int
    unknown: int
    leads: int


def bring_in(services: Services, source: str, content: bytes, *, by: Principal) -> Brought:
    """Raises NotFound (no such register), Forbidden, Incorrect (by row), Conflict (this file was brought in before)."""
    known = SOURCES.get(source)
    if known is None:
        raise NotFound("没有这种登记", "no such register")
    if not by.roles & KEEPERS:
        raise Forbidden("您的角色不能导入", "your role brings nothing in")
    rows = read(known, content, today_in_china(services))
    if source == COUNTS:
        rows = counted.checked(services, known, rows)
    command = BringIn(source=source, sha256=hashlib.sha256(content).hexdigest(), rows=tuple(rows), principal=by)
    found: Brought = services.engine.execute(command, by=by.actor)
    return found


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: a file, what it matches and the leads that come of it are one transaction."""

    def handle(command: BringIn, tx: Any) -> Brought:
        known, region, now = SOURCES[command.source], services().region_id, services().clock()
        batch, by = uuid4(), command.principal
        head = {"source": command.source, "sha256": command.sha256, "row_count": len(command.rows)}
        if not store.put_batch(tx.conn, region, batch, now, by.login, head):
            raise Conflict("这份文件已导入过", "this file was brought in before", code="imported-before")
        totals = {"matched": 0, "unknown": 0, "leads": 0}
        for number, row in enumerate(command.rows, 1):
            pregnancy = None if known.id == COUNTS else _pregnancy_of(services(), tx.conn, row["id_no"])
            totals["matched" if pregnancy or known.id == COUNTS else "unknown"] += 1
            line = {"batch_id": batch, "number": number, "happened_on": date.fromisoformat(row[known.day])}
            by_whom: dict[str, Any] = {"settled_as": None, "settled_by": None, "settled_at": None}
            state = "matched" if pregnancy else "unknown"
            if known.id == COUNTS:  # about no woman: there is nobody to look for
                state, by_whom = "settled", {"settled_as": row["said_by"], "settled_by": by.login, "settled_at": now}
            store.put_row(tx.conn, region, {**line, **by_whom, "state": state, "pregnancy_id": pregnancy}, row)
            if command.source == "prepregnancy" and not pregnancy and row.get("pregnant", "") in YES:
                totals["leads"] += _lead(services(), tx, row)
        services().people.audit(by, "import", "register", str(batch), {"source": command.source}, conn=tx.conn)
        return Brought(batch_id=str(batch), rows=len(command.rows), **totals)

    def register(command: Registered, tx: Any) -> Any:
        tx.answer_is_new()
        done = tx.run(command.finish)
        store.link(tx.conn, services().region_id, command.document, command.pregnancy_id)
        return done

    return {BringIn: handle, Registered: register}


def _pregnancy_of(services: Services, conn: Any, id_no: str) -> str | None:
    found = services.patients.by_document(conn, "id_card", id_no)
    return found[1] if found else None


def _lead(services: Services, tx: Any, row: Mapping[str, str]) -> int:
    """A pregnant woman whom nobody looks after; none where there is a lead about her already."""
    today = today_in_china(services)
    answers = {
        **{name: row[name] for name in ("name", "id_no", "phone", "addr_current") if row.get(name)},
        "id_type": "id_card",
        "birth_date": f"{row['id_no'][6:10]}-{row['id_no'][10:12]}-{row['id_no'][12:14]}",
        **({"lead_lmp": row["lmp"]} if row.get("lmp") else {}),
        "lead_source": "marriage",
        "lead_on": today.isoformat(),
        duplicates.LOOKED_UP: True,
        "reporter": "孕前检查导入",
    }
    known = services.patients.by_document(tx.conn, "id_card", row["id_no"])
    if known is not None and duplicates.leads_of(services, tx.conn, known[0]):
        return 0
    lead = str(uuid4())
    variables = intake.start_variables(services, by=tx.by, pregnancy_id=lead, patient_id=str(uuid4()))
    tx.run(leads.OpenLead(lead_id=lead, variables=variables, answers=answers, acting=tx.by))
    return 1


def read(source: Source, content: bytes, today: date) -> list[dict[str, str]]:
    """The rows of a file by our names. Raises Incorrect with a fault for each wrong cell: row and column."""
    if len(content) > MOST_BYTES:
        raise _whole(f"文件超过 {MOST_BYTES // 1_000_000} MB", "the file is too large")
    lines = list(csv.reader(io.StringIO(_text(content))))
    if not lines:
        raise _whole("文件是空的", "the file is empty")
    head = [cell.strip() for cell in lines[0]]
    missing = [source.columns[name] for name in sorted(source.needed) if source.columns[name] not in head]
    if missing:
        raise _whole(f"缺少列：{'、'.join(missing)}", f"missing columns: {', '.join(missing)}")
    where = {name: head.index(title) for name, title in source.columns.items() if title in head}
    body = [(number, line) for number, line in enumerate(lines[1:], 2) if any(cell.strip() for cell in line)]
    if not body or len(body) > MOST_ROWS:
        raise _whole(f"应有 1 到 {MOST_ROWS} 行", f"1 to {MOST_ROWS} rows are expected")
    rows, faults = [], []
    for number, line in body:
        row = {name: line[at].strip() if at < len(line) else "" for name, at in where.items()}
        if "id_no" in source.columns:
            row["id_no"] = row["id_no"].upper()
        faults += [_fault(number, source.columns[name], said) for name, said in _wrong(source, row, today)]
        rows.append({name: value for name, value in row.items() if value})
    if faults:
        raise Incorrect(
            "文件有误，未导入", "the file is wrong; nothing was stored", code="import", faults=faults[:MOST_FAULTS]
        )
    return rows


def _wrong(source: Source, row: Mapping[str, str], today: date) -> list[tuple[str, Text]]:
    found = [(name, Text(zh="必填", en="required")) for name in sorted(source.needed) if not row.get(name)]
    if row.get("id_no") and not is_valid(row["id_no"]):
        found.append(("id_no", Text(zh="身份证号不对", en="no valid identity number")))
    for name in dict.fromkeys((source.day, "lmp", "born_on", "first")):
        if row.get(name):
            day = _day(row[name])
            if day is None or day > today:
                found.append(
                    (name, Text(zh="应为不晚于今天的日期 YYYY-MM-DD", en="a date YYYY-MM-DD, not after today"))
                )
    if not found and (died := _day(row.get("died_on", ""))) is not None:
        found += _died(row, died)
    return found


def _died(row: Mapping[str, str], died: date) -> list[tuple[str, Text]]:
    born = _day(row["born_on"])
    if born is None or died < born:
        return [("died_on", Text(zh="早于出生日期", en="before the birth"))]
    if died.year - born.year - ((died.month, died.day) < (born.month, born.day)) >= UNDER:
        return [("died_on", Text(zh=f"满 {UNDER} 岁，不在登记范围", en=f"not under {UNDER} years"))]
    return []


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _text(content: bytes) -> str:
    """UTF-8, or what older Chinese spreadsheets write."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _whole("文件编码应为 UTF-8 或 GB18030", "the file should be UTF-8 or GB18030")


def _whole(zh: str, en: str) -> Incorrect:
    return Incorrect(zh, en, code="import", faults=[Fault(path="file", message=Text(zh=zh, en=en))])


def _fault(number: int, column: str, said: Text) -> Fault:
    """Names the place; what stood there is not repeated."""
    return Fault(
        path=f"{number}:{column}",
        message=Text(zh=f"第 {number} 行 {column}：{said.zh}", en=f"row {number}, {column}: {said.en}"),
    )


def settle(services: Services, batch_id: UUID, number: int, said: str, *, by: Principal) -> None:
    """Who was unknown has been looked into. Raises Forbidden, Incorrect, Conflict (settled already, or matched)."""
    if not by.roles & KEEPERS:
        raise Forbidden("您的角色不能处理", "your role settles nothing here")
    text = said.strip()
    if not text or len(text) > 200:
        raise Incorrect("请写明结果，最多 200 字", "say what it was, in at most 200 letters", code="settled-as")
    with services.pool.connection() as conn:
        if not store.settle(conn, services.region_id, batch_id, number, text, services.clock(), by.login):
            raise Conflict("这一行已处理", "this row is settled already", code="settled")


def of_case(services: Services, conn: Any, pregnancy_id: str) -> list[dict[str, Any]]:
    """What other registers said of the woman of a case: from which, and the day. Oldest first."""
    return store.of_case(conn, services.region_id, pregnancy_id)


def open_rows(services: Services, conn: Any) -> list[dict[str, Any]]:
    return store.open_rows(conn, services.region_id)


def reconciled(services: Services, conn: Any, first: date, last: date) -> dict[str, Any]:
    """Births registered against births on record: how many of each, how many match, and who is on one side alone."""
    return store.reconciled(conn, services.region_id, first, last)
