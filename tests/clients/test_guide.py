"""docs/integration/afternoon.md and what the start of the county prints, walked through as a stranger would."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.clients.conftest import LIMIT_S, ROOT
from tests.ports import free_port

PAGE = ROOT / "docs" / "integration" / "afternoon.md"
NEXT = "--- the next command of the page ---"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")


def told(stand, text: str, port: int = 9009) -> str:
    """The page's addresses and folder, as they are here."""
    home = stand.environment["YUNTU_HOME"]
    return text.replace("http://127.0.0.1:8000", stand.base).replace("9009", str(port)).replace("var/", f"{home}/")


def bash(stand, script: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT, env=stand.environment, capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_every_command_of_the_afternoon_answers_as_the_page_says(stand):
    text = told(stand, PAGE.read_text(encoding="utf-8"), free_port())
    pairs = re.findall(r"```bash\n(.*?)```\n\n```text\n(.*?)```", text, flags=re.S)
    assert len(pairs) == text.count("```bash") == 8

    answers = bash(stand, f"\necho '{NEXT}'\n".join(command for command, _ in pairs)).split(f"{NEXT}\n")

    for (command, wanted), answer in zip(pairs, answers, strict=True):
        pattern = "".join(".+" if part == "…" else re.escape(part) for part in re.split("(…)", wanted))
        assert re.fullmatch(pattern, answer), f"{command}\n{answer}"


def test_what_the_start_prints_works_as_it_is_printed(stand):
    printed = re.findall(r"^  ((?:TOKEN=|curl ).*)$", stand.said, flags=re.M)
    (guide,) = re.findall(r"^  (docs/integration/\S+)$", stand.said, flags=re.M)
    assert len(printed) == 2 and "his-demo-key.json" in stand.said and (ROOT / guide).is_file()

    answer = bash(stand, "\n".join(printed))

    assert '"resourceType": "Task"' in answer and '"status": "ready"' in answer
    assert stand.said.count("his-demo") == 3 and "PRIVATE" not in stand.said
