"""One task opened by one person: its form, what is known, what they typed, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from flask import g, request

from engine.commands.contracts import IdempotencyKey
from engine.errors import EngineError, Fault, Incorrect
from engine.store import drafts, plain
from web import asked, forms, running, woman
from web.language import current
from web.pages.blueprint import now, services, today
from web.windows import window_in_state
from workflows import completion, contradicted, handed_in, task_access, too_early
from workflows.people import may_complete
from workflows.reading_cases import reading_cases

SIGNATURES = ("reporter", "doctor")  # linkIds: of forms that are recorded, and of those that a physician signs


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A task that the person may see. `woman` is None where the process is no pregnancy."""

    conn: Any
    task: Any
    form: Any
    answers: Mapping[str, Any]  # of a task that is over: those on record, of a cancelled one what was typed
    last_values: Mapping[str, Any]
    known: Mapping[str, Any]
    woman: woman.Woman | None
    allowed: bool
    is_recorded: bool = False  # there is a record of the answers, and this person may read it

    @property
    def is_unsent(self) -> bool:
        """Cancelled with something typed, which nobody sent: shown to whom the task was meant for, and no record."""
        return self.task.state == "cancelled" and bool(self.task.draft) and self.form is not None and self.allowed

    @property
    def fillable(self) -> bool:
        """Open, meant for this person, and not in somebody else's hands."""
        task = self.task
        free = task.assignee in (None, g.principal.login)
        return task.is_open and free and self.allowed

    def answers_of(self, sent: Any) -> Mapping[str, Any]:
        """Of a task without a form: values for its process, where it is about no woman."""
        if self.form is None and self.woman is not None:
            return {}
        return forms.read(self.form, sent) if self.form else _plain_variables(sent.get("variables", ""))

    def as_arguments(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        return {"answers": answers} if self.form else {"variables": answers}

    def doubts(self, answers: Mapping[str, Any], sent: Any) -> list[Fault]:
        """Values outside the usual, and a conclusion that they contradict, that nobody has ticked as looked at. Raises
        Incorrect for what is wrong outright."""
        if self.form is None:
            return []
        at = filled_at(sent)
        checked = self.form.validate(answers, on=at, context=self.known)
        beside = contradicted.doubts(services(), self.conn, self.task, self.form, checked.values, at.date())
        early = too_early.doubts(self.form.id, checked.values, self.known.get("lmp"))
        return forms.unconfirmed([*checked.warnings, *early, *beside], sent)

    def context(
        self,
        answers: Mapping[str, Any] | None = None,
        error: EngineError | None = None,
        warnings: Sequence[Fault] = (),
    ) -> dict[str, Any]:
        """What the template shows. `answers` are those that were typed, where the submission was refused."""
        task = self.task
        names = services().people.names([one for one in (task.assignee, task.completed_by) if one])
        shown = self.answers if answers is None else answers
        return {
            "task": task,
            "woman": self.woman,
            "running": running.of_tasks(services(), self.conn, [task], now()),
            "window": window_in_state(task, now()),
            "fillable": self.fillable,
            "may_complete": self.allowed,
            "assignee": names.get(task.assignee, task.assignee),
            "finisher": names.get(task.completed_by, task.completed_by),
            "has_draft": bool(task.draft),
            "draft_mark": draft_mark(task),
            "is_unsent": self.is_unsent,
            "is_recorded": self.is_recorded,
            "list_query": request.values.get("list", ""),
            "sent": request.form,
            "asked": asked.before(self.conn, task) if self.woman is not None else [],
            **fields(self, shown, error, warnings),
        }


def fields(
    page: Any, answers: Mapping[str, Any], error: EngineError | None, warnings: Sequence[Fault]
) -> dict[str, Any]:
    """The form as HTML and what went wrong with it, for the page of a task and for registering alike."""
    faults = error.faults if error else ()
    drawn = {"form": page.form, "fields": None, "summary": None, "error": error}
    drawn["idempotency_key"] = request.form.get("idempotency_key") or str(uuid4())
    if page.form is None:
        return drawn
    drawn["fields"] = forms.render(
        page.form,
        answers,
        on=today(),
        context=page.known,
        errors=faults,
        warnings=warnings,
        last_values=page.last_values,
        lang=current(),
        readonly=not page.fillable,
    )
    kind = "wrong" if faults else "doubtful"
    return drawn | {"summary": forms.summary(page.form, faults or warnings, current(), kind=kind)}


def signed(form: Any) -> dict[str, str]:
    """Who is signed in stands where a form asks who fills it in, until they say otherwise."""
    return {} if form is None else {name: g.principal.name for name in SIGNATURES if name in form.by_link_id}


@contextmanager
def opened(task_id: UUID) -> Iterator[Opened]:
    """The task for the person of this request. Raises NotFound also where it exists but is none of theirs."""
    with reading_cases(services(), g.principal) as conn:
        task = task_access.task_for(services(), conn, task_id, g.principal)
        opened_form = completion.open_form(services(), conn, task, today=today())
        recorded = None if task.is_open else _recorded(conn, task, opened_form.form)
        allowed = may_complete(g.principal, task, task_access.care_of(services(), conn, task))
        signature = signed(opened_form.form) if allowed and task.draft is None else {}
        unsent = dict(task.draft) if task.state == "cancelled" and task.draft and allowed else {}
        yield Opened(
            conn=conn,
            task=task,
            form=opened_form.form,
            answers={**signature, **opened_form.answers} if task.is_open else recorded or unsent,
            is_recorded=recorded is not None,
            last_values=opened_form.last_values,
            known=opened_form.context,
            woman=woman.of_task(services(), conn, task, g.principal, today()),
            allowed=allowed,
        )


def _recorded(conn: Any, task: Any, form: Any) -> dict[str, Any] | None:
    """What stands on record for a task that is over; None where that is nothing, or nothing this person may read."""
    if form is None:
        return None
    response = services().patients.response_to(conn, task.id, restricted=g.principal.restricted)
    return form.answers_from_response(dict(response)) if response is not None else None


def draft_mark(task: Any) -> str:
    """Of a draft's content: what a browser kept goes back by itself only over the draft that it began with."""
    return drafts.mark(task.draft)


def sent_answers() -> dict[str, Any]:
    """What a script of ours sent. Raises Malformed, Incorrect."""
    sent = plain.loads(request.get_data())
    if not isinstance(sent, dict) or not isinstance(sent.get("answers"), dict):
        raise Incorrect("应为含 answers 的 JSON 对象", "a JSON object with answers is expected")
    return sent


def idempotency(sent: Any) -> IdempotencyKey | None:
    """A form sent twice, by double click or the back button, counts once."""
    key = sent.get("idempotency_key", "")[:100]
    if not key:
        return None
    content = plain.dumps(sorted((k, v) for k, v in sent.items(multi=True) if k not in ("csrf", "then", "kept")))
    return IdempotencyKey(client=g.principal.login, key=key, request_hash=sha256(content).hexdigest())


def entered_at(sent: Any) -> datetime | None:
    """When it was filled in, where the page says that the server was away then. Raises Incorrect."""
    text = sent.get(handed_in.FIELD, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Incorrect("填写时间无法识别", "the time of filling in cannot be read", code="entered-at")
    return moment


def filled_at(sent: Any) -> datetime:
    """The moment at which a form is read: now, or that of its filling in. Raises Incorrect."""
    return handed_in.moment(services(), handed_in.since(services(), entered_at(sent)))


def listed(address: str) -> dict[str, str]:
    """The list a task was opened from, out of its query string."""
    return dict(parse_qsl(address[:500]))


def _plain_variables(text: str) -> Mapping[str, Any]:
    value = plain.loads(text or "{}")
    return value if isinstance(value, dict) else {}
