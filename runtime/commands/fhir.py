"""`yuntu fhir`: what an integrator runs against a test system."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import click

from fhir_adapters.ig import mapped, package
from fhir_adapters.ig import page as guide_page
from fhir_adapters.ig.common import VERSION
from runtime.commands.output import json_option, show, table
from runtime.conformance import Server, base_of
from runtime.conformance import check as run_checks


@click.group()
def group() -> None:
    """FHIR 接口 / The FHIR interface."""


@group.command("ig")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="folder for the package / 整包")
@click.option("--mappings", type=click.Path(path_type=Path, dir_okay=False), help="file for the mappings / 映射表")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="file for the page / 页面")
def ig(out: Path | None, page: Path | None, mappings: Path | None) -> None:
    """实施指南 / Write the implementation guide: as a package in npm's layout, as a page for people.

    Example: yuntu fhir ig --out build/ig
    """
    if out is None and page is None and mappings is None:
        raise click.UsageError("须给出 --out、--page 或 --mappings / --out, --page or --mappings is needed")
    if out is not None:
        made = package.files()
        for name, content in made.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        archive = out / f"{package.NAME}-{VERSION}.tgz"
        archive.write_bytes(_packed(made))
        click.echo(f"{archive}: {len(made)}")
    if page is not None:
        page.write_text(guide_page.page(), encoding="utf-8")
        click.echo(str(page))
    if mappings is not None:
        mappings.write_text(mapped.page(), encoding="utf-8")
        click.echo(str(mappings))


def _packed(files: Mapping[str, bytes]) -> bytes:
    """The same files give the same bytes."""
    text = io.BytesIO()
    with gzip.GzipFile(fileobj=text, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return text.getvalue()


@group.command("check")
@click.argument("url")
@json_option
@click.pass_context
def check(ctx: click.Context, url: str, as_json: bool) -> None:
    """符合性自检 / Check a FHIR server over HTTP; nothing is stored there. The token is read from YUNTU_TOKEN.

    Example: YUNTU_TOKEN=… yuntu fhir check http://127.0.0.1:8000/fhir --json
    """
    base = base_of(url)
    if base is None:
        raise click.UsageError("URL 应为 http(s) 地址 / an http(s) address is expected")
    try:
        checks = run_checks(Server(base, os.environ.get("YUNTU_TOKEN")))
    except OSError as error:
        raise click.ClickException(f"没有应答 / nobody answers: {type(error).__name__}") from error
    good = sum(one["ok"] for one in checks)
    rows = [("✓" if one["ok"] else "✗", one["name"], one["detail"]) for one in checks]
    show({"url": base, "checks": checks, "summary": {"checks": len(checks), "ok": good}}, as_json, lambda: table(rows))
    ctx.exit(0 if good == len(checks) else 1)
