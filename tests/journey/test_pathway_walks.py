"""Random walks through the real diagrams under every region's rules: a small size of `yuntu bar pathway-walks`."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest

from engine.clock import CHINA
from runtime.trials import pathway_oracle, pathway_walks
from runtime.trials.random_answers import corrected, fill_in
from runtime.trials.verdict import broken
from workflows.forms import example_answers, forms_on_disk

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=CHINA)


def test_under_every_regions_rules_no_way_is_stuck_and_no_deadline_is_lost(database):
    result = pathway_walks.run(database, n=3, seed=11, say=lambda text: None, parts=1)

    assert broken(result["figures"], result["limits"]) == [], result["first_faults"]
    assert result["figures"]["women"] == 3 * len(pathway_walks.PACKS)
    assert result["figures"]["tasks_reached"] > 40 and result["figures"]["timers"] > 30


@pytest.mark.parametrize("form_id", ["anc-visit", "delivery", "tracing", "newborn-visit"])
def test_what_is_drawn_differs_from_the_example_and_comes_to_be_taken(form_id):
    form, base = forms_on_disk()[form_id], example_answers(form_id)
    taken = []
    for seed in range(12):
        chance = Random(seed)
        answers, attempt = fill_in(form, chance, base=base, now=NOW, fixed=frozenset()), 0
        while faults := form.evaluate(answers, NOW.date())["faults"]:
            attempt += 1
            paths = [fault["path"] for fault in faults]
            answers = corrected(
                form, chance, answers=answers, refused=paths, attempt=attempt, base=base, now=NOW, fixed=frozenset()
            )
            assert answers is not None, faults
        taken.append(answers)

    assert sum(answers != base for answers in taken) >= 6


def test_the_oracle_knows_the_deadlines_of_the_diagrams():
    known = pathway_oracle.deadlines()

    assert known.timers_of["task_antenatal_visit"] >= {"timer_window_missed"}
    assert known.host_of["timer_outcome_missing"] == "task_record_delivery"
    assert "task_close_case" in known.closing and "task_antenatal_visit" not in known.closing
