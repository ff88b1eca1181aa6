"""`:in`, `:not-in`, `:above`, `:below` of coded parameters: which codes a set holds, which lie over and under one.

Value sets are those of the guide. Over and under is known of our own code systems, dotted ones (R-1.1 over R-1.1.2) and
flat ones, and of ICD-10, where a category stands over what begins like it. Of any other system nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fhir_adapters.ig import codes
from fhir_adapters.ig.codes import PREFIX
from fhir_adapters.ig.common import VERSION
from fhir_adapters.search.computed import Test, Unreadable
from fhir_adapters.search.index import ICD
from fhir_adapters.terminology import CANONICAL_BASE, ICD10, ICD10_CN, RISK_CRITERION, SCREENING_ITEM

DOTTED = frozenset({RISK_CRITERION, SCREENING_ITEM})
_ICD_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Za-z+*.]{0,12})?")
MEASURED = "measured-item"
_CATEGORY = 3  # letters of an ICD-10 category
ASKED = f"{PREFIX}… | {ICD10} | {ICD10_CN}"


def members(url: str) -> tuple[str, ...]:
    """`system|code` of everything in a value set, named by its url or as `ValueSet/<id>`. Raises Unreadable."""
    stem, _, version = url.partition("|")
    id_ = stem.removeprefix(f"{CANONICAL_BASE}/ValueSet/").removeprefix("ValueSet/")
    if id_ == stem or version not in ("", VERSION) or (id_ not in codes.systems() and id_ != MEASURED):
        raise Unreadable("没有此值集", "no such value set", "url of a ValueSet, see /fhir/ValueSet")
    included = codes.measured() if id_ == MEASURED else codes.value_set(codes.systems()[id_])
    return tuple(
        f"{one['system']}|{code}"
        for one in included["compose"]["include"]
        for code in ([c["code"] for c in one["concept"]] if "concept" in one else _codes(one["system"]))
    )


def above(text: str) -> tuple[str, ...]:
    """The code and every code over it, as tokens. Raises Unreadable."""
    system, code = _read(text)
    if system in ICD:
        lengths = (_CATEGORY, *range(_CATEGORY + 2, len(code) + 1))
        return tuple(dict.fromkeys(f"{system}|{code[:length]}" for length in lengths if length <= len(code)))
    if system not in DOTTED:
        return (f"{system}|{code}",)
    parts = code.split(".")
    return tuple(f"{system}|{'.'.join(parts[:number])}" for number in range(len(parts), 0, -1))


def below(text: str) -> tuple[str, ...]:
    """The code and every code under it, as tokens; of ICD-10 none: that is for `begins_like`. Raises Unreadable."""
    system, code = _read(text)
    if system in ICD:
        return ()
    if system not in DOTTED:
        return (f"{system}|{code}",)
    under = (one for one in _codes(system) if one.startswith(f"{code}."))  # a heading is no code of the list itself
    return tuple(f"{system}|{one}" for one in (code, *under))


def heading(text: str) -> str | None:
    """An ICD-10 code as what lies under it begins in the index; None for any other system. Raises Unreadable."""
    system, code = _read(text)
    return f"{system}|{code}" if system in ICD else None


def begins_like(paths: Sequence[str], text: str) -> Iterator[Test]:
    """`:below` of an ICD-10 code, which is a question to the text: national codes go on where the WHO's end."""
    system, code = _read(text)
    if system not in ICD:
        return
    condition = "@.system == $system && (@.code == $code || @.code starts with $code)"
    for path in paths:
        for part in (f"$.{path}", f"$.{path}.coding"):
            yield Test(f"{part} ? ({condition})", {"system": system, "code": code})


def _read(text: str) -> tuple[str, str]:
    system, bar, code = text.partition("|")
    if not bar or not system or not code:
        raise Unreadable("应为 系统|代码", "system|code is expected", ASKED)
    if system in ICD:
        if not _ICD_CODE.fullmatch(code):
            raise Unreadable("不是 ICD-10 代码", "not an ICD-10 code", "A00 | A00.0")
        return system, code
    if not system.startswith(PREFIX):
        raise Unreadable("此代码系统的上下级不明", "what lies over or under is not known of this system", ASKED)
    known = _codes(system)
    if code not in known and not (system in DOTTED and any(one.startswith(f"{code}.") for one in known)):
        raise Unreadable("代码系统中没有此代码", "the code system has no such code", ASKED)
    return system, code


def _codes(system: str) -> tuple[str, ...]:
    found = codes.systems().get(system.removeprefix(PREFIX))
    return tuple(found.codes) if found is not None else ()
