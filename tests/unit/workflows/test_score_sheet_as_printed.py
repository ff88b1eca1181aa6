"""信丰 附件5 as the specification has it (§10.3): columns, items, points and what each point is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from workflows.indicators import score

SHEET = Path(score.__file__).parent / "score_xf_annex5.yaml"
PRINTED = {  # number: item, points, and the points that its scoring text gives one by one
    1: ("协调机制", 5, [1, 2, 2]),
    2: ("孕管中心管理", 8, [2, 2, 2, 2]),
    3: ("风险防范教育", 5, [1, 2, 2]),
    4: ("筛查评估制度", 8, [1, 2, 5]),
    5: ("分级分类管理", 8, [5]),
    6: ("托底管理", 10, [5, 5]),
    7: ("救治薄弱环节", 10, [2, 3, 3, 2]),
    8: ("绿色通道", 8, []),
    9: ("核心制度", 10, [2, 4, 2, 2]),
    10: ("中医药", 7, []),
    11: ("危重评审", 8, [2, 2, 4]),
    13: ("培训", 6, [2, 4]),
    14: ("效果评估", 10, []),
}
MINUS = re.compile(r"扣 1 分|每降 1%")


def items():
    return {row["number"]: row for row in yaml.safe_load(SHEET.read_text(encoding="utf-8"))["items"]}


def test_the_columns_are_the_six_of_the_source():
    assert score.COLUMNS == ("序号", "重点任务", "具体内容", "自评依据", "得分情况", "备注")


def test_the_items_are_those_of_the_source_without_a_twelfth():
    assert {number: (row["task"], row["points"]) for number, row in items().items()} == {
        number: (task, points) for number, (task, points, _) in PRINTED.items()
    }
    assert sum(row["points"] for row in items().values()) == 103


@pytest.mark.parametrize("number", PRINTED)
def test_the_scoring_text_gives_the_points_of_its_parts(number):
    _, points, parts = PRINTED[number]
    text = MINUS.sub("", items()[number]["scoring"])
    found = [int(one) for one in re.findall(r"(\d+) 分(?!钟)", text)]

    assert found == parts
    assert not parts or sum(parts) == points or number == 5  # 8 points printed, 5 in the text: the contradiction C-5


@pytest.mark.parametrize(
    ("number", "words"),
    [(3, "30"), (3, "5000"), (5, "100%"), (7, "30 分钟"), (9, "2 次"), (14, "4/10万"), (14, "2.5‰"), (14, "0 例")],
)
def test_the_numbers_of_the_source_stand_in_its_items(number, words):
    assert words in items()[number]["content"]
