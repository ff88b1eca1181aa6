"""Refused at deployment: each way in which a diagram cannot run, with the element and a sentence in both languages.

Of each sentence that the reader can say there is a case here, or it is named where it is tested.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model import read_bpmn
from engine.model.sentences import SENTENCES
from engine.problems import Refused
from tests.process.play import (
    ONE,
    catch,
    declare,
    diagram,
    el,
    end,
    process,
    start,
    timer,
    user,
)
from tests.process.refused.activities import ACTIVITIES
from tests.process.refused.events import EVENTS
from tests.process.refused.undoing import UNDOING
from tests.process.refused.ways import WAYS

TABLES = (WAYS, EVENTS, ACTIVITIES, UNDOING)
REFUSALS = {case: row for table in TABLES for case, row in table.items()}
DECLARED = declare({"m": '="k"', "nokey": ""}, signals="sig", errors="err") + (
    '<message id="unnamed"/><message id="worked_out" name="=x"/><signal id="unnamed_signal"/>'
    '<signal id="worked_out_signal" name="=x"/><error id="worked_out_error" errorCode="=x"/>'
)
# What the reader says of a whole file, or as a warning: shown by the test that is named.
ELSEWHERE = {
    "too_large": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "too_deep": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "not_xml": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "doctype": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "not_bpmn": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "too_many_processes": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "too_many_elements": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "too_many_inclusive": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "no_process": "test_hostile_diagrams::test_a_diagram_without_an_executable_process_is_refused",
    "not_executable": "test_activities::test_of_several_pools_the_executable_ones_run_and_the_rest_is_listed",
    "ignored_part": "test_activities::test_people_named_in_bpmns_own_words_are_listed",
    "unknown_extension": "test_activities::test_what_means_nothing_here_is_listed",
    "unreachable": "test_refusals::test_what_nothing_leads_to_is_a_warning",
}
HERE = Path(__file__).parent


@pytest.mark.parametrize("case", REFUSALS)
def test_is_refused_at_its_element(case):
    parts, element, code = REFUSALS[case]

    with pytest.raises(Refused) as refused:
        read_bpmn(diagram(DECLARED, process("main", *parts)))

    assert (element, code) in {(problem.element_id, problem.code) for problem in refused.value.problems}
    for found in refused.value.problems:
        assert found.message.zh and found.message.en


def test_every_problem_is_named_at_once():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process(
                    "main", start("s"), el("serviceTask", "t"), catch("c", timer("soon")), end("e"), "s -> t -> c -> e"
                )
            )
        )

    assert [problem.element_id for problem in refused.value.problems] == ["t", "c"]


def test_a_flow_across_pools_is_refused():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process("one", start("s"), end("e"), "s -> e; s -> other"),
                process("two", start("s2"), user("other"), end("e2"), "s2 -> other -> e2"),
            )
        )

    assert ("s_other", "flow_crosses") in {(problem.element_id, problem.code) for problem in refused.value.problems}


def test_what_nothing_leads_to_is_a_warning():
    model = read_bpmn(diagram(process("main", *ONE, user("a"), "s -> e; a -> e")))

    assert [(found.element_id, found.code) for found in model.warnings] == [("a", "unreachable")]


def test_every_sentence_of_the_reader_has_its_case():
    shown = {code for _, _, code in REFUSALS.values()}

    assert len(REFUSALS) == sum(map(len, TABLES))  # no case of one table hides one of another
    assert not shown & ELSEWHERE.keys()
    assert shown | ELSEWHERE.keys() == SENTENCES.keys()


def test_what_is_shown_elsewhere_is_shown_there():
    for code, place in ELSEWHERE.items():
        file, _, test = place.partition("::")
        source = (HERE / f"{file}.py").read_text(encoding="utf-8")

        assert f"def {test}(" in source and f'"{code}"' in source, (code, place)
