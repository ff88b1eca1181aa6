"""docs/operations and docs/integration name commands, options, settings, metrics and tests: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from runtime.cli import main

PAGES = sorted([*Path("docs/operations").glob("*.md"), *Path("docs/integration").glob("*.md")])
COMMAND = re.compile(
    r"(?:^|[`\s(（])yuntu((?: [a-z][\w-]*)+)((?:(?:(?!yuntu )[^`\n#，。；])*?--[a-z][\w-]+)*)", re.MULTILINE
)
OPTION = re.compile(r"--([a-z][\w-]+)")
SETTING = re.compile(r"\bYUNTU_[A-Z_]*[A-Z]\b")
METRIC = re.compile(r"\byuntu_[a-z_]+\b")
TEST = re.compile(r"\b(tests/[\w/]+\.py)\b")
OF_EXAMPLES = {"YUNTU_HOOK", "YUNTU_KEY", "YUNTU_SECRET", "YUNTU_WOMAN", "YUNTU_GUIDE"}  # of programs that are shown
ROLES = {"yuntu_app", "yuntu_owner"}


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def source() -> str:
    rooms = ("api", "runtime", "workflows", "fhir_adapters", "web", "engine")
    return "\n".join(path.read_text(encoding="utf-8") for room in rooms for path in Path(room).rglob("*.py"))


SOURCE = source()


def resolved(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The command that the words name, and what is left of them; None where the first word names none."""
    command: click.Command = main
    context = click.Context(main)
    while words and isinstance(command, click.Group):
        inner = command.get_command(context, words[0])
        if inner is None:
            return None if command is main else command, words
        command, context, words = inner, click.Context(inner, parent=context), words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_line_that_is_copied_runs_one_command_and_no_choice_stands_in_it(page):
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("yuntu "):
                said = line.partition("#")[0]
                assert not re.search(r"\S {2,}yuntu ", said) and not re.search(r"\w\|\w", said), f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_is_there_with_its_options(page):
    for words, options in COMMAND.findall(text(page)):
        command, rest = resolved(words.split())
        assert command is not None, f"{page}: yuntu{words}"
        assert not (isinstance(command, click.Group) and rest), f"{page}: yuntu{words}"
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        for option in OPTION.findall(options):
            assert f"--{option}" in known, f"{page}: yuntu{words} --{option}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_setting_is_read_somewhere(page):
    assert {name for name in SETTING.findall(text(page)) if name not in SOURCE} <= OF_EXAMPLES


def test_every_metric_is_told_somewhere():
    told = set(METRIC.findall(text(Path("docs/operations/monitoring.md")) + text(Path("docs/operations/inbound.md"))))

    for metric in told - ROLES:
        name = metric.removeprefix("yuntu_").removesuffix("_bucket")
        assert f'"{name}"' in SOURCE or f'"yuntu_{name}"' in SOURCE or f"yuntu_{name} " in SOURCE, metric


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_that_is_named_exists(page):
    assert [name for name in TEST.findall(text(page)) if not Path(name).is_file()] == []


def test_what_is_not_there_is_noticed():
    assert resolved(["nowhere"]) == (None, ["nowhere"])
    assert resolved(["history", "nothing"])[1] == ["nothing"]
    assert COMMAND.findall("yuntu history ttl --all   yuntu db status") == [
        (" history ttl", " --all"),
        (" db status", ""),
    ]
