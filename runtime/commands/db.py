"""`yuntu db`: the schema of the configured database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from runtime import settings as configuration
from runtime.commands.output import json_option, show
from runtime.database import embedded, migrate, partition


@click.group()
def group() -> None:
    """数据库 / The database's schema."""


@group.command("migrate")
@json_option
def migrate_command(as_json: bool) -> None:
    """升级到最新结构 / Apply the migrations that are missing."""
    with owner_url() as url:
        applied = [f"{m.version:04}_{m.name}" for m in migrate.migrate(url)]
    show({"applied": applied}, as_json, lambda: "\n".join(applied) or "已是最新 / up to date")


@group.command("status")
@json_option
def status(as_json: bool) -> None:
    """查看结构版本 / Which version the schema has; exit code 1 when migrations are missing."""
    with owner_url() as url:
        found = migrate.status(url)
    show(found, as_json, lambda: f"{found['schema_version']} / {found['newest']}  {' '.join(found['missing'])}".strip())
    raise SystemExit(1 if found["missing"] else 0)


@group.command("finish-upgrade")
@json_option
def finish_upgrade(as_json: bool) -> None:
    """升级收尾 / Every process is of this release: new cases are stored in ways that the release before cannot read.

    After this, no process of the release before may be started. Cases that are there stay as they are.
    """
    with owner_url() as url:
        changed = migrate.finish_upgrade(url)
    done, nothing = "已启用新的存储方式 / the new ways are in use", "没有要做的 / nothing was left to do"
    show({"changed": changed}, as_json, lambda: done if changed else nothing)


@group.command("dump")
def dump() -> None:
    """写出 schema.sql / Write schema.sql from a migrated, empty database; for developers after adding a migration."""
    with embedded.throw_away() as url:
        migrate.migrate(url)
        migrate.SCHEMA_FILE.write_text(migrate.dump_schema(url), encoding="utf-8")
    click.echo(str(migrate.SCHEMA_FILE))


@group.command("partition")
@click.argument("regions", nargs=-1)
@json_option
def partition_command(regions: tuple[str, ...], as_json: bool) -> None:
    """按区域分区 / One partition per region: of those that have data, and of REGIONS. Stop web and workers before.

    Example: yuntu db partition county-a county-b
    """
    with owner_url() as url:
        made = partition.partition(url, list(regions))
    show({"schemas": made}, as_json, lambda: "\n".join(made) or "已分区 / partitioned")


@contextmanager
def owner_url() -> Iterator[str]:
    """Of the configured installation, as the owner of its tables; its embedded server runs as long as this is held."""
    settings = configuration.read()
    if url := settings.owner_url or settings.database_url:
        yield url
        return
    server = embedded.attach(settings.home)
    try:
        yield server.url()
    finally:
        server.release()
