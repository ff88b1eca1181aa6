"""C45 of docs/engine-audit.md, done less well than it has to be."""

import pytest

from engine.commands import deploy
from tests.planting import turns_red
from tests.web import test_design


def the_gate_lets_through_what_it_finds(mp):
    read = deploy.read_files
    mp.setattr(deploy, "read_files", lambda *given: (read(*given)[0], []))


@pytest.mark.parametrize("where", ["check", "deploy"])
def test_c45_a_gate_that_is_open_is_seen(request, where):
    sees = test_design.test_what_cannot_run_is_refused_at_its_element_and_nothing_is_stored
    turns_red(request, sees, the_gate_lets_through_what_it_finds, where=where)
