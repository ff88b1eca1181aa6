"""The guide as a page for people: what docs/ig/README.md holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fhir_adapters.ig import codes, extensions, searching
from fhir_adapters.ig.common import VERSION, Json
from fhir_adapters.ig.examples import examples
from fhir_adapters.ig.package import NAME, TYPES
from fhir_adapters.ig.profile_table import PROFILES, Profile, Rule
from fhir_adapters.terminology import CANONICAL_BASE

HEAD = f"""# FHIR 实施指南

由程序所用的表生成（`yuntu fhir ig --page docs/ig/README.md`），不手工改。FHIR R4 4.0.1，版本 {VERSION}，
规范地址前缀 `{CANONICAL_BASE}`（是标识，不是网址）。

- 整包：`yuntu fhir ig --out 目录` 写出 `package/package.json`、`.index.json`、全部资源、`package/example/`，
  以及 `{NAME}-{VERSION}.tgz`。
- 逐个：`GET /fhir/类型`，按 `_id url name title version status` 检索；类型有
  {"、".join(TYPES)}。
- 代码：`ValueSet/$expand?url=…&filter=…`、`ValueSet/$validate-code?url=…&system=…&code=…`、
  `CodeSystem/$lookup?system=…&code=…`。

约束写成 differential，校验器据 R4 定义生成 snapshot；值集绑定一律为 extensible。
每个示例符合自己的约束：测试以自有规则检查；`YUNTU_FHIR_VALIDATOR=1` 时另由独立的 HAPI 校验器（Java 17、Maven）检查
全部资源是否合 R4、全部示例是否合约束。它的 R4 定义来自自己的包；不查 LOINC 和国家代码表；
扩展的定义本身它在离线时不能检查，扩展在示例中的使用照常检查。

下面的代码系统是固定的；其余的（`task-code`、`observation`、`risk-criterion`、`screening-item` 和各表单的选项）
随流程图和表单，以服务器的回答和整包为准。
"""


def page() -> str:
    made: list[tuple[str, Sequence[str], list[tuple[str, ...]]]] = [
        ("资源约束", ("编号", "资源", "说明", "要求"), [_profile(one) for one in PROFILES]),
        ("扩展", ("编号", "用在", "值", "说明"), [_extension(one) for one in extensions.EXTENSIONS]),
        ("代码系统与值集", ("编号", "说明", "代码"), [_codes(id_) for id_ in codes.FIXED]),
        ("概念映射", ("编号", "说明", "代码数"), [_map(one) for one in codes.concept_maps()]),
        (
            "自有检索参数",
            ("资源", "参数", "类型", "表达式"),
            [_parameter(one) for one in searching.search_parameters()],
        ),
        ("自有操作", ("编号", "说明"), [(one["id"], one["title"]) for one in searching.operations()]),
        ("示例", ("约束", "资源"), [(name, f"{one['resourceType']}/{one['id']}") for name, one in examples()]),
    ]  # fmt: skip
    return HEAD + "".join(f"\n## {title}\n\n" + _table(head, rows) for title, head, rows in made)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _profile(profile: Profile) -> tuple[str, ...]:
    return profile.id, profile.type, profile.title, "；".join(_said(profile))


def _said(profile: Profile) -> Iterator[str]:
    for rule in profile.rules:
        yield f"`{_named(rule)}`" + _often(rule) + (f" ∈ {rule.value_set.rpartition('/')[2]}" if rule.value_set else "")


def _named(rule: Rule) -> str:
    return f"{rule.path}:{rule.slice}" if rule.slice else rule.path


def _often(rule: Rule) -> str:
    if rule.min is None and rule.max is None:
        return ""
    return f" {rule.min if rule.min is not None else ''}..{rule.max or '*'}"


def _extension(one: extensions.Extension) -> tuple[str, ...]:
    parts = (f"{name}{'' if needed else '?'} {type_}" for name, (type_, needed) in one.parts.items())
    value = one.value or "、".join(parts)
    return one.id, "、".join(one.on), value, one.title


def _codes(id_: str) -> tuple[str, ...]:
    return id_, codes.TITLES.get(id_, id_), "、".join(f"{code} {zh}" for code, zh in codes.FIXED[id_].items())


def _parameter(one: Json) -> tuple[str, ...]:
    return one["base"][0], one["code"], one["type"], f"`{one['expression']}`"


def _map(one: Json) -> tuple[str, ...]:
    return one["id"], one["title"], str(len(one["group"][0]["element"]))
