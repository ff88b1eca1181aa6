"""`yuntu fhir`: what an integrator runs against a test system."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import click

from fhir_adapters.ig import mapped, package
from fhir_adapters.ig import page as guide_page
from fhir_adapters.ig.common import VERSION
from runtime.commands.output import json_option, show
from runtime.conformance import report
from runtime.conformance.asking import Server, base_of
from runtime.conformance.running import Result, run
from runtime.conformance.session import Session
from runtime.conformance.signing import Signer


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
@click.option("--read-only", is_flag=True, help="make nothing there / 只读")
@click.option("--listen", metavar="HOST:PORT", help="where this command hears notifications / 在此接收通知")
@click.option("--listen-url", help="how the server reaches that; default http://HOST:PORT/told / 服务器访问它的地址")
@click.option("--client-id", help="as which system a token is asked for; with --key / 以哪个系统换取令牌")
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="its private key, a JWK / 私钥"
)
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="a report for a build server / JUnit 报告"
)
@click.option("--only", multiple=True, help="this check alone, by its English name / 只查这一项")
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    url: str,
    read_only: bool,
    listen: str | None,
    listen_url: str | None,
    client_id: str | None,
    key: Path | None,
    junit: Path | None,
    only: tuple[str, ...],
    as_json: bool,
) -> None:
    """符合性自检 / Check a FHIR test server over HTTP. The token is read from YUNTU_TOKEN.

    Makes resources of its own under the identifier system urn:yuntu:fhir-check, touches no others, and deletes them.
    Exit code 0 where everything asked holds, 1 where something does not, 2 for wrong usage.

    Example: YUNTU_TOKEN=… yuntu fhir check http://127.0.0.1:8000/fhir --junit fhir.xml
    """
    base = base_of(url)
    if base is None:
        raise click.UsageError("URL 应为 http(s) 地址 / an http(s) address is expected")
    if (client_id is None) != (key is None):
        raise click.UsageError("--client-id 与 --key 须一起给出 / are given together")
    session = Session(
        Server(base, os.environ.get("YUNTU_TOKEN")),
        listen=_listening(listen, listen_url),
        signs=Signer(client_id, key) if client_id and key else None,
    )
    try:
        found = run(session, read_only=read_only, only=only, told=lambda one: _progress(one, as_json))
    except OSError as error:
        raise click.ClickException(f"没有应答 / nobody answers: {type(error).__name__}") from error
    if junit is not None:
        junit.write_bytes(report.as_junit(base, found))
    show(report.as_json(base, found), as_json, lambda: report.as_text(base, found))
    ctx.exit(1 if any(one.state == "failed" for one in found) else 0)


def _listening(listen: str | None, url: str | None) -> tuple[str, int, str] | None:
    if listen is None:
        return None
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError("--listen: HOST:PORT")
    return host, int(port), url or f"http://{host}:{port}/told"


def _progress(one: Result, as_json: bool) -> None:
    if not as_json and sys.stderr.isatty():
        click.echo(f"{report.MARKS[one.state]} {one.check.zh} / {one.check.name}", err=True)
