"""Messages, documents and rows as hospitals send them; all people in them are invented."""

from __future__ import annotations

from tests.fhir.fhir_kit import WOMAN

PROFILE = """
client: his-demo
mrn: 91500000MA5U000000
facilities:
  - {application: HIS, facility: COUNTY}
  - {application: LIS, facility: COUNTY}
obstetrics: [OB, 产科]
codes:
  URPRO: urine_protein
  HGB: {item: hb, unit: g/L}
  SBP: {item: sbp, unit: "mm[Hg]"}
  DBP: {item: dbp, unit: "mm[Hg]"}
units: {毫米汞柱: "mm[Hg]"}
files:
  - name: lab
    columns: {病历号: mrn, 身份证号: id_card, 姓名: name, 出生日期: birth_date, 检验单号: order, 检验时间: observed_at,
              报告时间: reported_at, 项目代码: code, 项目名称: text, 结果: value, 单位: unit, 状态: status}
"""


def header(kind: str, number: str, *, at: str = "20260105083000", version: str = "2.5", charset: str = "UNICODE UTF-8"):
    return f"MSH|^~\\&|HIS|COUNTY|YUNTU|COUNTY|{at}||{kind}|{number}|P|{version}|||||CHN|{charset}"


def pid(card: str = WOMAN, mrn: str = "M0001", name: str = "测试甲子", born: str = "19970615", phone: str = "") -> str:
    numbers = [f"{mrn}^^^COUNTY^MR"] if mrn else []
    numbers += [f"{card}^^^CN^NI"] if card else []
    return f"PID|1||{'~'.join(numbers)}||{name}||{born}|F|||||{phone}"


def joined(*segments: str) -> bytes:
    return ("\r".join(segments) + "\r").encode()


def oru(*results: str, number: str = "LAB1", order: str = "L1", at: str = "20260105083000", **who: str) -> bytes:
    request = f"OBR|1||{order}|URINE^尿常规|||20260105080000"
    return joined(header("ORU^R01^ORU_R01", number, at=at), pid(**who), request, *results)


def coded(value: str = "3+", status: str = "F", nth: int = 1) -> str:
    return f"OBX|{nth}|CE|URPRO^尿蛋白^L||{value}^{value}^L||||||{status}|||20260105080000"


def pressure(systolic: str = "165", diastolic: str = "112") -> tuple[str, str]:
    return (
        f"OBX|1|NM|8480-6^收缩压^LN||{systolic}|mmHg|||||F|||20260105080000",
        f"OBX|2|NM|8462-4^舒张压^LN||{diastolic}|mmHg|||||F|||20260105080000",
    )


def adt(event: str, *more: str, number: str = "ADT1", at: str = "20260105083000", visit: str = "", **who: str) -> bytes:
    visit = visit or "PV1|1|I|OB^301^1|||||||OB|||||||||V100|||||||||||||||||||||||||20260105080000"
    structure = {"A40": "ADT_A39", "A04": "ADT_A01", "A08": "ADT_A01"}.get(event, f"ADT_{event}")
    parts = [header(f"ADT^{event}^{structure}", number, at=at), f"EVN|{event}|{at}", pid(**who)]
    return joined(*parts, *more) if event in ("A08", "A40") else joined(*parts, visit, *more)
