"""Beside the work of a task: who may hand it to whom, what is said about it, which files are put to it.

Everything here is for whoever may see the task; a stranger gets the NotFound of a task that never was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from engine.commands.contracts import AssignUserTask, Attached, AttachToUserTask, CommentUserTask, IdempotencyKey
from engine.errors import Conflict, Forbidden, Incorrect, NotFound
from engine.store import beside
from workflows import audited
from workflows.people.model import Account, Principal
from workflows.people.visibility import may_complete, may_hand_on, visible_organisations
from workflows.services import Services
from workflows.task_access import Found, care_in, find

SUBJECT = "user-task"
LONGEST_COMMENT = 2000  # letters: a remark, not a record
LONGEST_TITLE = 120
LONGEST_REASON = 200
LARGEST = 5 * 1024 * 1024  # bytes [default]: a scanned report of some pages
# What may be attached, with how such a file begins: the name and the sender's word for it prove nothing.
KINDS: Mapping[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}
ENDINGS: Mapping[str, str] = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside a task, for its page. `receivers`: to whom this person may give it, by login."""

    comments: list[beside.Comment]
    attachments: list[beside.Attachment]
    handovers: list[beside.Handover]
    receivers: dict[str, Account]
    open_to_words: bool  # the task is open: something may still be said


def beside_task(services: Services, conn: Any, task_id: UUID, by: Principal) -> Beside:
    found = find(services, conn, task_id, by)
    region, open_ = services.region_id, found.task.is_open
    return Beside(
        comments=beside.comments(conn, region, task_id),
        attachments=beside.attachments(conn, region, task_id),
        handovers=beside.handovers(conn, region, task_id),
        receivers=_receivers(services, found) if open_ and _may_hand_on(found) else {},
        open_to_words=open_ and _may_say(found),
    )


def assign(
    services: Services,
    task_id: UUID,
    to: str,
    *,
    by: Principal,
    reason: str | None = None,
    goes_back: bool = False,
    expected_revision: int | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Any:
    """Give the task to the account `to`; with `goes_back` lend it: given up, it is its holder's again. Raises Forbidden
    for who neither holds nor may give it, Incorrect where the task is not meant for `to`: their role or organisation
    does not fit, or there is no such account."""
    found = _found(services, task_id, by)
    if not _may_hand_on(found):
        raise Forbidden("只有任务的负责人或其上级可以转交", "only its holder or a superior may hand on this task")
    if found.task.is_open and to not in _receivers(services, found):
        raise Incorrect(
            "不能转交给该账号：岗位或机构不符",
            "this account's role or organisation does not fit the task",
            code="receiver",
        )
    if reason is not None:
        reason = _words(reason, LONGEST_REASON, "reason")
    command = AssignUserTask(
        user_task_id=task_id,
        assignee=to,
        held_by=found.task.assignee,
        reason=reason,
        goes_back=goes_back,
        expected_revision=expected_revision,
    )
    told = {"from": found.task.assignee, "to": to} | ({"goes_back": True} if goes_back else {})
    return audited.execute(services, command, by, SUBJECT, task_id, told, idempotency=idempotency)


def comment(
    services: Services, task_id: UUID, body: str, *, by: Principal, idempotency: IdempotencyKey | None = None
) -> int:
    """Say something about the task; answers the comment's number."""
    found = _found(services, task_id, by)
    _require_may_say(found)
    command = CommentUserTask(user_task_id=task_id, body=_words(body, LONGEST_COMMENT, "body"))
    number: int = audited.execute(services, command, by, SUBJECT, task_id, idempotency=idempotency)
    return number


def attach(
    services: Services,
    task_id: UUID,
    title: str,
    content_type: str,
    content: bytes,
    *,
    by: Principal,
    idempotency: IdempotencyKey | None = None,
) -> Attached:
    """Put a file to the task. Raises Incorrect for a kind that is not on the list, or that
    it is not, and for one that is too big."""
    found = _found(services, task_id, by)
    _require_may_say(found)
    _require_file(content_type, content)
    command = AttachToUserTask(
        user_task_id=task_id, title=title_of(title, content_type), content_type=content_type, content=content
    )
    done: Attached = audited.execute(services, command, by, SUBJECT, task_id, idempotency=idempotency)
    return done


def content_of(services: Services, task_id: UUID, attachment_id: UUID, *, by: Principal) -> beside.Attachment:
    """The file, with a row in the audit for the look at it. Raises NotFound."""
    with services.people.reading(by, "read", "attachment", str(attachment_id)) as conn:
        find(services, conn, task_id, by)
        found = beside.attachment(conn, services.region_id, task_id, attachment_id)
        if found is None:
            raise NotFound("没有此附件", "no such attachment")
        return found


def seen(services: Services, task_id: UUID, by: Principal) -> None:
    """Who was handed this task has opened it."""
    with services.engine.pool.connection() as conn:
        beside.see(conn, services.region_id, task_id, by.login, services.clock())


def headers_of(found: beside.Attachment) -> dict[str, str]:
    """For the answer that carries the file: it is never shown in the page's own origin, it is saved, or opened by what
    the reader has for it. Its title stands in no header."""
    return {
        "Content-Type": found.content_type,
        "Content-Disposition": f'attachment; filename="{found.number}.{ENDINGS[found.content_type]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "ETag": f'"{found.sha256}"',
    }


def title_of(given: str, content_type: str) -> str:
    """The last part of a path, without what cannot be printed; a file without a name is called by its kind."""
    name = re.split(r"[\\/]", given)[-1]
    printable = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    return printable[:LONGEST_TITLE] or f"file.{ENDINGS[content_type]}"


def _found(services: Services, task_id: UUID, by: Principal) -> Found:
    with services.engine.read() as conn:
        return find(services, conn, task_id, by)


def _may_hand_on(found: Found) -> bool:
    return may_hand_on(found.caller, found.task)


def _may_say(found: Found) -> bool:
    return may_complete(found.caller, found.task, care_in(found.variables)) or may_hand_on(found.caller, found.task)


def _require_may_say(found: Found) -> None:
    if not found.task.is_open:
        raise Conflict("任务已办结或已取消", "the task is not open any more", code="task-not-open")
    if not _may_say(found):
        raise Forbidden("您的角色不能办理此任务", "the task is not meant for your role")


def _receivers(services: Services, found: Found) -> dict[str, Account]:
    """Accounts for whom the task is meant, whoever holds it now; never the one who holds it."""
    free, tree = replace(found.task, assignee=None), services.people.organisations()
    return {
        account.login: account
        for account in services.people.accounts()
        if account.active and account.login != found.task.assignee and may_complete(_as_principal(account, tree), free)
    }


def _as_principal(account: Account, tree: Mapping[str, Any]) -> Principal:
    return Principal(
        id=str(account.id),
        kind="person",
        login=account.login,
        name=account.name,
        organisation=account.organisation_id,
        roles=frozenset(account.roles),
        organisations=visible_organisations(account.organisation_id, account.roles, tree),
    )


def _words(given: str, longest: int, field: str) -> str:
    """Letters, spaces and line breaks. Raises Incorrect."""
    text = _BREAKS.sub("\n", given).strip()
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise Incorrect(f"{field} 含有无效字符", f"{field} holds a character that cannot be stored", code="text")
    if not 1 <= len(text) <= longest:
        raise Incorrect(f"{field} 应为 1 到 {longest} 个字", f"{field} must have 1 to {longest} letters", code="text")
    return text


def _require_file(content_type: str, content: bytes) -> None:
    begin = KINDS.get(content_type)
    if begin is None:
        raise Incorrect(
            "附件只能是 PDF、JPEG 或 PNG", "an attachment is a PDF, JPEG or PNG file", code="attachment-type"
        )
    if len(content) > LARGEST:
        raise Incorrect("附件不能超过 5 MB", "an attachment has at most 5 MB", code="attachment-size")
    if not content.startswith(begin):
        raise Incorrect("文件内容与类型不符", "the file is not what its type says", code="attachment-type")
