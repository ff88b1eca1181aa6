"""Reading packs: YAML, a base underneath, and every problem of a file at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import NotFound
from engine.problems import Problem, Refused
from workflows.regions.checking import contradictions_of, problem, problems_of
from workflows.regions.pack import Pack, Source

FOLDER = Path(__file__).parent / "packs"
NOT_VALUES = frozenset({"pack", "sources", "contradictions"})
LARGEST = 200_000  # bytes
ReadBase = Callable[[str], Pack]


def pack_ids() -> list[str]:
    """The packs that come with the product."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load_pack(pack_id: str) -> Pack:
    """A pack by id, its base underneath. Raises NotFound, Refused."""
    if pack_id not in pack_ids():
        raise NotFound(f"没有区域参数包“{pack_id}”", f"no region pack '{pack_id}'", code="no-such-pack")
    pack, problems = _read((FOLDER / f"{pack_id}.yaml").read_bytes(), load_pack)
    if pack is None:
        raise Refused(problems)
    return pack


def pack_text(pack_id: str) -> bytes:
    """The file of a pack as it was written. Raises NotFound, Refused."""
    return (FOLDER / f"{load_pack(pack_id).id}.yaml").read_bytes()


@cache
def policy_of_pack(pack_id: str) -> dict[str, Any]:
    """What decision tables read of a pack; one for all who ask, to be read only. Raises NotFound, Refused."""
    return load_pack(pack_id).policy()


def check_file(path: Path) -> tuple[Pack | None, list[Problem]]:
    """The pack in a file, None when it may not be used, and everything there is to say about it."""
    return _read(path.read_bytes(), load_pack)


def _read(text: bytes, base: ReadBase) -> tuple[Pack | None, list[Problem]]:
    raw, problems = _yaml(text)
    if raw is None:
        return None, problems
    below, problems = _base_of(raw, base)
    values = _merged(below.values if below else {}, {k: v for k, v in raw.items() if k not in NOT_VALUES})
    sources = raw.get("sources") or {}
    problems += problems_of(raw.get("pack"), values, sources) + contradictions_of(raw.get("contradictions"))
    if any(found.severity == "error" for found in problems):
        return None, problems
    own = {key: Source(entry["mark"], entry["text"]) for key, entry in sources.items()}
    inherited = {key: s for key, s in (below.sources if below else {}).items() if not _overridden(key, raw)}
    told = {row["id"]: row for row in (*(below.contradictions if below else ()), *(raw.get("contradictions") or ()))}
    return _pack(raw["pack"], values, {**inherited, **own}, tuple(told.values())), problems


def _yaml(text: bytes) -> tuple[dict[str, Any] | None, list[Problem]]:
    if len(text) > LARGEST:
        return None, [problem(None, "too_large", "文件过大", "the file is too large")]
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        return None, [problem(None, "not_yaml", f"不是有效的 YAML：{said}", f"not YAML: {said}")]
    if not isinstance(raw, dict):
        return None, [problem(None, "not_a_pack", "文件应是键值结构", "the file should be a mapping")]
    return raw, []


def _base_of(raw: Mapping[str, Any], base: ReadBase) -> tuple[Pack | None, list[Problem]]:
    header = raw.get("pack")
    name = header.get("base") if isinstance(header, Mapping) else None
    if name is None:
        return None, []
    if isinstance(header, Mapping) and name == header.get("id"):
        return None, [problem("pack.base", "base_itself", "参数包不能以自己为基线", "a pack cannot be its own base")]
    try:
        return base(str(name)), []
    except NotFound as error:
        return None, [problem("pack.base", "no_base", error.message.zh, error.message.en)]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping is merged key by key; everything else, lists too, is replaced."""
    result = dict(below)
    for key, value in above.items():
        under = below.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[key] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return result


def _overridden(key: str, raw: Mapping[str, Any]) -> bool:
    """Whether the file gives a value of its own for the key, so that the base's sentence does not speak for it."""
    found: Any = raw
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True


def _pack(
    header: Mapping[str, Any],
    values: Mapping[str, Any],
    sources: Mapping[str, Source],
    contradictions: tuple[Mapping[str, Any], ...],
) -> Pack:
    def day(name: str) -> date | None:
        value = header.get(name)
        return value if isinstance(value, date) else None

    return Pack(
        id=str(header["id"]),
        name=str(header["name"]),
        version=str(header.get("version", "1")),
        status=str(header["status"]),
        valid_from=day("valid_from"),
        valid_to=day("valid_to"),
        base=header.get("base"),
        superseded_by=header.get("superseded_by"),
        values=values,
        sources=sources,
        contradictions=contradictions,
    )
