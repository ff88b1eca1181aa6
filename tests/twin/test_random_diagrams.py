"""R03 in its small form: random diagrams on both interpreters, the state stored and read again after every step."""

from __future__ import annotations

from runtime.trials.restart import Tally, run, walk_diagram


def quiet(text: str) -> None:
    """Nobody watches."""


def test_a_state_that_is_stored_after_every_step_is_the_one_that_never_was_and_the_twin_agrees():
    result = run(n=40, seed=7, say=quiet, paths=3)

    assert result["pass"], result
    assert result["figures"]["steps"] > 300


def test_the_same_seed_walks_the_same_paths():
    first, second = Tally(), Tally()
    for tally in (first, second):
        walk_diagram(1_000_004, 3, tally)

    assert first == second
