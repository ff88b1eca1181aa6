"""The README is true: its commands run, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, flags=re.S)


@pytest.mark.parametrize("block", BLOCKS, ids=["hospital", "designer"])
def test_each_command_block_runs(county, block):
    script = "set -eu\n" + block.replace("http://127.0.0.1:8000", county.url).replace(" | head -c", " | cat | head -c")

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | dict(county.environment),
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert '"issue"' not in done.stdout and '"code":"login"' not in done.stdout, done.stdout[:600]
    if "Task?" in block:
        assert '"resourceType"' in done.stdout and "searchset" in done.stdout


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()

    for target in re.findall(r"^make (\w+)", README, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


def test_each_link_of_the_readme_leads_to_a_file():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert links and [link for link in links if not (ROOT / link).exists()] == []
