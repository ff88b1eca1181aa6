"""Faults of the requirement graph as a whole."""

from __future__ import annotations

from engine.dmn.environment import Problems
from engine.dmn.model import Model


def check_graph(model: Model, problems: Problems) -> None:
    """Ids that stand for several elements, languages other than FEEL, decisions that require themselves or have no
    logic."""
    report = problems.report
    for place, language in model.languages:
        report(
            place,
            "expressionLanguage",
            "language",
            f"表达式语言“{language}”不支持，只支持 FEEL",
            f"the language {language!r} is not supported, only FEEL is",
        )
    for identity in model.doubled:
        report(identity, None, "doubled-id", f"id“{identity}”重复", f"the id {identity!r} stands for several elements")
    needs = {
        identity: {r.href.rpartition("#")[2] for r in item.requirements if r.kind == "decision"}
        for identity, item in model.decisions.items()
    }
    free: set[str] = set()
    while True:  # take away whatever requires only what is taken away already
        ready = {identity for identity, others in needs.items() if not (others & needs.keys()) - free} - free
        if not ready:
            break
        free |= ready
    for identity in sorted(needs.keys() - free):
        report(identity, "decision", "cycle", f"决策“{identity}”依赖自身", f"decision {identity!r} requires itself")
    for identity, item in model.decisions.items():
        if item.box is None:
            report(
                identity,
                "decision",
                "no-logic",
                f"决策“{item.name}”没有逻辑，值总为 null",
                f"decision {item.name!r} has no logic: it is always null",
                "warning",
            )
