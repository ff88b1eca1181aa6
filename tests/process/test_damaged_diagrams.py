"""Diagrams with random damage are refused in words or run; the reader, the compiler and the steps never fall over."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.errors import Incorrect
from engine.interpreter import Closure, State, apply, compile_program, decode, encode, start
from engine.interpreter.contracts import InstanceStatus
from engine.model import Model, read_bpmn
from engine.problems import Refused
from runtime.trials.random_diagrams import DECLARED, random_process
from tests.process.play import NOW, diagram
from tests.process.test_random_paths import event_for

PATHWAY = sorted((Path(__file__).parents[2] / "bpmn").glob("*.bpmn"))
TEXTS = ["", "=", "= 1 +", "P", "R/PT1S", "=null", "x" * 5_000, "=[1,2", "中", "0 0 * * *", "99999999999", "-1", "a b"]
FLAGS = ["triggeredByEvent", "isForCompensation", "cancelActivity", "isInterrupting", "default", "isExecutable"]


def _damage(random: Random, root: Any) -> None:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    for _ in range(random.randint(1, 3)):
        random.choice(DAMAGES)(random, random.choice(elements), random.choice(elements))


def _lose_attribute(random: Random, one: Any, other: Any) -> None:
    if one.attrib:
        del one.attrib[random.choice(list(one.attrib))]


def _swap_attribute(random: Random, one: Any, other: Any) -> None:
    if one.attrib and other.attrib:
        one.set(random.choice(list(one.attrib)), random.choice(list(other.attrib.values())))


def _lose_element(random: Random, one: Any, other: Any) -> None:
    if one.getparent() is not None:
        one.getparent().remove(one)


def _repeat_element(random: Random, one: Any, other: Any) -> None:
    other.append(copy.deepcopy(one))


def _rename_element(random: Random, one: Any, other: Any) -> None:
    one.tag = other.tag


def _change_text(random: Random, one: Any, other: Any) -> None:
    one.text = random.choice(TEXTS)


def _change_attribute(random: Random, one: Any, other: Any) -> None:
    if one.attrib:
        one.set(random.choice(list(one.attrib)), random.choice(TEXTS))


def _raise_flag(random: Random, one: Any, other: Any) -> None:
    one.set(random.choice(FLAGS), random.choice(["true", "false", "x"]))


DAMAGES = [
    _lose_attribute,
    _swap_attribute,
    _lose_element,
    _repeat_element,
    _rename_element,
    _change_text,
    _change_attribute,
    _raise_flag,
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_damaged_diagram_is_refused_in_words_or_runs(seed):
    random = Random(seed)
    whole = random.choice(PATHWAY).read_bytes() if random.random() < 0.3 else diagram(DECLARED, random_process(random))
    root = etree.fromstring(whole)
    _damage(random, root)

    try:
        model = read_bpmn(etree.tostring(root))
    except Refused as refused:
        assert all(problem.message.zh and problem.message.en for problem in refused.problems)
        return

    _run(random, model)


def _run(random: Random, model: Model) -> None:
    programs = {key: compile_program(model, key) for key in model.processes}
    closure = Closure(random.choice(list(programs.values())), programs)
    try:
        state: State = start(closure, {"x": 1}, NOW).state
    except Incorrect:
        return  # it is started by a message only
    for _ in range(20):
        if state.status is not InstanceStatus.ACTIVE or not state.waits:
            return
        event = event_for(random, random.choice(list(state.waits.values())), random.randint(1, 3))
        state = apply(closure, state, event, NOW).state
        assert decode(encode(state), state.variables) == state
