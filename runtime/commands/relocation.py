"""`yuntu region export|import|moved|thaw|where`: a region moves to another installation."""

from __future__ import annotations

import getpass
import json
import socket
from pathlib import Path
from typing import Any, NoReturn

import click

from runtime.commands.changing import dry_run_option
from runtime.commands.db import owner_url
from runtime.commands.output import json_option, show
from runtime.relocation import arrival, departure, rehearsal
from runtime.relocation.freeze import state

FOLDER = click.Path(path_type=Path, file_okay=False)


def _by() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command("export")
@click.argument("region_id")
@click.argument("folder", type=FOLDER)
@dry_run_option
@json_option
def export(region_id: str, folder: Path, dry_run: bool, as_json: bool) -> None:
    """迁出：冻结区域并写出全部数据 / Freeze a region and write all of it to a new FOLDER; others work on.

    Example: yuntu region export county-a /secure/county-a --dry-run
    """
    with owner_url() as url:
        if dry_run:
            found = rehearsal.leaving(url, region_id, folder)
            if found["rows"] and not _is_away(found):
                departure.note(url, region_id, "export", _by(), {"dry_run": True})
            _rehearsed(found, as_json)
        departure.require_movable(url, region_id)
        departure.note(url, region_id, "export", _by(), {"dry_run": False})
        manifest = departure.export(url, region_id, folder, _by(), _say)
    _show_sum(manifest["region_id"], departure.digest_of(manifest), sum(t["rows"] for t in manifest["tables"]), as_json)


@click.command("import")
@click.argument("folder", type=FOLDER)
@dry_run_option
@json_option
def import_(folder: Path, dry_run: bool, as_json: bool) -> None:
    """迁入：整体导入并逐表核对 / Read an exported region; everything or, when anything differs, nothing.

    Example: yuntu region import /secure/county-a --dry-run
    """
    with owner_url() as url:
        if dry_run:
            _rehearsed(rehearsal.arriving(url, folder), as_json)
        receipt = arrival.import_region(url, folder, socket.gethostname(), _by(), _say)
        departure.note(url, receipt["region_id"], "import", _by(), {"digest": receipt["digest"]})
    _show_sum(receipt["region_id"], receipt["digest"], receipt["rows"], as_json)


@click.command("moved")
@click.argument("receipt", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def moved(receipt: Path, as_json: bool) -> None:
    """凭回执标记为已迁走 / With the receipt of the import: mark the region as moved, for good.

    Example: yuntu region moved /secure/county-a/receipt.json
    """
    read = json.loads(receipt.read_text(encoding="utf-8"))
    with owner_url() as url:
        departure.mark_moved(url, read, _by())
    told = {"region_id": read["region_id"], "state": "moved", "installed_at": read["installed_at"]}
    show(told, as_json, lambda: f"{told['region_id']}: 已迁至 / moved to {told['installed_at']}")


@click.command("thaw")
@click.argument("region_id")
@json_option
def thaw(region_id: str, as_json: bool) -> None:
    """放弃迁移，恢复工作 / Give up the move: the region works here again, its export is void."""
    with owner_url() as url:
        departure.give_up(url, region_id)
    show({"region_id": region_id, "state": "here"}, as_json, lambda: f"{region_id}: 已恢复 / works here again")


@click.command("where")
@click.argument("region_id")
@json_option
def where(region_id: str, as_json: bool) -> None:
    """区域在哪里 / Whether a region works here, is frozen, or has moved."""
    with owner_url() as url, departure.connected(url) as conn:
        found = state(conn, region_id) or ("here" if departure.has_rows(conn, region_id) else "unknown")
    show({"region_id": region_id, "state": found}, as_json, lambda: found)


def _is_away(found: dict[str, Any]) -> bool:
    return any(str(conflict["code"]).startswith("region-") for conflict in found["conflicts"])


def _rehearsed(found: dict[str, Any], as_json: bool) -> NoReturn:
    """1 where the move would be refused."""
    show(found, as_json, lambda: _rehearsal_told(found))
    raise SystemExit(1 if found["conflicts"] else 0)


def _rehearsal_told(found: dict[str, Any]) -> str:
    lines = [f"试运行 / dry run: {found['region_id']}: {found['rows']:,} 行 / rows"]
    lines += [f"  {name}: {count:,}" for name, count in found["tables"].items()]
    if found["definitions"] is not None:
        lines.append(f"流程、决策、表单的版本 / versions of processes, decisions, forms: {found['definitions']}")
    if found.get("instances"):
        lines.append("实例 / instances: " + ", ".join(f"{state} {n:,}" for state, n in found["instances"].items()))
    if found.get("long_transactions"):
        lines.append(f"! 冻结要等的长事务 / long transactions to wait for: {found['long_transactions']}")
    lines.append(f"不迁走 / stays: {', '.join(found['stays'])}")
    for conflict in found["conflicts"]:
        at = f"{conflict['path']}: " if conflict["path"] else ""
        lines.append(f"✗ {at}{conflict['message']['zh']} / {conflict['message']['en']} ({conflict['code']})")
    return "\n".join(lines if found["conflicts"] else [*lines, "✓ 可以迁 / nothing stands in the way"])


def _show_sum(region_id: str, digest: str, rows: int, as_json: bool) -> None:
    told: dict[str, Any] = {"region_id": region_id, "dry_run": False, "rows": rows, "digest": digest}
    show(told, as_json, lambda: f"{region_id}: {rows:,} 行 / rows\n{digest}")


COMMANDS = (export, import_, moved, thaw, where)
