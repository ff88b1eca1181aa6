"""`yuntu indicators`: every indicator of a region in a period, for people, for programs, or as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import NotFound
from fhir_adapters.mappings.measure import to_bundle
from runtime.commands.output import json_option, services, show, table
from workflows import indicators as counted
from workflows.indicators import Figure, Report


@click.command("indicators")
@click.option("--region", help="whose data; default: this installation's / 地区，默认本安装的地区")
@click.option("--period", "period_text", required=True, help="2026, 2026Q3, 2026-07, S2026, 2026-07-01/2026-07-15")
@click.option("--organisation", help="this one and all below it / 某机构及其下级")
@click.option("--pack", help="region pack with the targets; default: this installation's / 取目标值的地区包")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="write a workbook / 写出 Excel 文件")
@click.option(
    "--format", "shape", type=click.Choice(["text", "json", "fhir"]), help="fhir: a Bundle of Measure and MeasureReport"
)
@json_option
def command(
    region: str | None,
    period_text: str,
    organisation: str | None,
    pack: str | None,
    xlsx: Path | None,
    shape: str | None,
    as_json: bool,
) -> None:
    """指标 / Indicators of the pathway, numerator and denominator of each.

    Example: yuntu indicators --period 2026Q3 --xlsx indicators.xlsx
    """
    period = counted.read_period(period_text)
    with services() as built:
        if region is not None and region != built.region_id:
            raise NotFound(
                f"本安装没有地区“{region}”，只有“{built.region_id}”", f"no region {region} here, only {built.region_id}"
            )
        rules = built.regions(pack or built.settings.pack)
        with built.engine.read() as conn:
            found = counted.report(built, conn, period, organisation=organisation, pack=rules)
        places = {one.id: one.name for one in built.people.organisations().values()}
    if xlsx is not None:
        xlsx.write_bytes(counted.workbook(counted.report_tables(found, places)))
    if shape == "fhir":
        show(to_bundle(found), True, str)
    else:
        show(counted.report_json(found), as_json or shape == "json", lambda: _lines(found))


def _lines(found: Report) -> str:
    head = ("", "指标", "分子", "分母", "率", "每", "目标")
    return table([head, *(_line(figure) for figure in found.figures)])


def _line(figure: Figure) -> tuple[object, ...]:
    known = figure.definition
    if known.missing is not None:
        return (known.id, known.name.zh, "尚未记录", "", "", "", "")
    aim = f"{figure.target.op} {figure.target.value} [{figure.target.mark}]" if figure.target else ""
    rate = "–" if figure.rate is None else figure.rate
    return (known.id, known.name.zh, figure.numerator, figure.denominator, rate, known.factor, aim)
