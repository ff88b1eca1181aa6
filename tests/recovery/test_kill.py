"""Processes die at random moments; the oracle, which shares nothing with the engine, says whether anything was lost."""

import sys

import pytest

from runtime.trials import kill
from runtime.trials.kill import Trial

MUTANTS = {"double": "doubled", "loss": "lost", "silence": "effects_missing", "standstill": "stuck"}


def test_a_thousand_completions_under_random_kills_lose_and_double_nothing(server):
    trial = Trial(instances=100, rounds=10, kills=22, seed=7)

    result = trial.run(server)

    assert result["pass"], result
    assert result["figures"]["acknowledged"] == 1000
    assert result["figures"]["kills"] >= 20


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_oracle_catches_a_planted_bug(server, mutant, monkeypatch):
    monkeypatch.setattr(kill, "FINISH_LIMIT_S", 10.0)
    target = (sys.executable, "-m", f"tests.recovery.mutants.{mutant}")
    trial = Trial(instances=12, rounds=3, kills=1, seed=3, target=target)

    result = trial.run(server)

    assert not result["pass"]
    assert result["figures"][MUTANTS[mutant]] > 0, result
