"""A report and a list as plain data: what the command line and the JSON interface say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.clock import CHINA
from engine.errors import Text
from workflows.indicators.counting import Figure, Listed, Report
from workflows.indicators.reasons import reason_text


def report_json(report: Report) -> dict[str, Any]:
    """Every indicator of the specification is there; numbers are null where nothing records them yet."""
    period = report.period
    return {
        "region": report.region,
        "pack": report.pack,
        "period": {"text": period.text, "from": period.first.isoformat(), "to": period.last.isoformat()},
        "organisation": report.organisation,
        "counted_at": report.counted_at.astimezone(CHINA).isoformat(),
        "indicators": [_figure(figure) for figure in report.figures],
        "organisations": {
            place: {f.definition.id: _counts(f) for f in figures if f.denominator or f.numerator}
            for place, figures in report.by_organisation.items()
        },
    }


def women_json(rows: Iterable[Listed], hidden: int) -> dict[str, Any]:
    items = [
        {
            "pregnancy_id": row.pregnancy_id,
            "organisation": row.organisation,
            "on": row.on.isoformat() if row.on else None,
            "part": row.part,
            "reason": row.reason,
            "message": _text(reason_text(row.reason)),
            "value": row.value,
        }
        for row in rows
    ]
    return {"items": items, "protected": hidden}


def _figure(figure: Figure) -> dict[str, Any]:
    known, target = figure.definition, figure.target
    return {
        "id": known.id,
        "name": _text(known.name),
        "recorded": known.is_recorded,
        "missing": _text(known.missing),
        **_counts(figure),
        "excluded": figure.excluded if known.is_recorded else None,
        "rate": figure.rate,
        "per": known.factor,
        "median": figure.median,
        "p90": figure.p90,
        "target": {
            "value": target.value,
            "op": target.op,
            "mark": target.mark,
            "source": target.source,
            "of": target.of,
            "year": target.year,
        }
        if target
        else None,
        "met": figure.is_met,
        "numerator_is": _text(known.numerator),
        "denominator_is": _text(known.denominator),
        "rule": _text(known.rule),
        "place": known.place,
        "mark": known.mark,
        "source": known.source,
    }


def _counts(figure: Figure) -> dict[str, int | None]:
    return {"numerator": figure.numerator, "denominator": figure.denominator}


def _text(text: Text | None) -> dict[str, str] | None:
    return {"zh": text.zh, "en": text.en} if text is not None else None
