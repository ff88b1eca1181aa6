"""Our pages inside a hospital's own system: it says who sits there and about whom, and her page opens; nobody and no
woman is guessed."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.clock import system_clock
from engine.errors import Conflict, Forbidden, NotFound, Text
from fhir_adapters.partners import keys
from fhir_adapters.partners.hospital import Launcher, NotTaken, NotTold
from fhir_adapters.terminology import is_identity, same_system
from web import security, woman
from web.language import gettext as _
from web.language import pick
from web.looking import looking
from web.pages.blueprint import bp, services, today
from workflows.people.hospitals import Hospital

LONGEST = 2000


@bp.get("/launch")
def launch() -> Response:
    """Where a hospital's system sends its people: `iss` is its address, `launch` what it knows the moment by."""
    hospital = services().people.hospital(request.args.get("iss", ""))
    if hospital is None:
        return _refused(403, _("没有登记这家医院的系统，不能从它打开孕途。"))
    g.frame_origins = hospital.origins
    mark = request.args.get("launch", "")
    if not mark or len(mark) > LONGEST:
        return _refused(400, _("医院系统没有说明要打开什么（缺少 launch）。"))
    begun = services().people.begin_hospital_sign_in(hospital)
    try:
        address = _launcher(hospital).address(begun, mark, _back())
    except (NotTold, NotTaken) as error:
        return _not_told(error)
    answer = redirect(address)
    security.set_framed_cookie(answer, security.LAUNCH_COOKIE, begun.browser)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


@bp.get("/launch/back")
def launch_back() -> Response:
    """With a code from the hospital's system, in the browser that began it."""
    browser = request.cookies.get(security.LAUNCH_COOKIE, "")
    taken = services().people.take_hospital_sign_in(request.args.get("state", "")[:LONGEST], browser)
    if taken is None:
        return _refused(400, _("这次打开已失效，请在医院系统里重新打开。"))
    hospital, begun = taken
    g.frame_origins = hospital.origins
    code = request.args.get("code", "")[:LONGEST]
    if not code:
        return _refused(403, _("医院系统没有同意打开孕途。"))
    try:
        arrived = _launcher(hospital).arrived(begun, code, _back())
        session = services().people.enter_from(hospital, arrived.people)
    except (NotTold, NotTaken) as error:
        return _not_told(error)
    except (Forbidden, Conflict) as error:
        return _refused(403, pick(error.message))
    return _to_her(hospital, session, arrived.identifiers)


def _to_her(hospital: Hospital, session: Any, identifiers: tuple[tuple[str, str], ...]) -> Response:
    """Her page, if all of her numbers that name one woman name the same one, and she is the person's to see."""
    named = [pair for pair in identifiers if _names_one(hospital, pair[0])]
    with services().pool.connection() as conn:  # of all women: that a number is another's counts wherever she is
        found = services().patients.known_as(conn, named)
        case = services().patients.newest_case(conn, found[0]) if len(found) == 1 else None
    if not named:
        answer = _refused(422, _("医院系统没有给出能确认这位孕产妇的证件号或病历号。"))
    elif not found:
        answer = _refused(404, _("这位患者还没有在孕途建册。请按证件号核对后建册。"))
    elif len(found) > 1:
        answer = _refused(409, _("医院给出的号码对应着孕途里的多份档案，不能确定是哪一位，请先核对身份。"))
    elif case is None:
        answer = _refused(404, _("这位患者在孕途没有孕产档案。"))
    else:
        try:
            g.principal = session.principal
            with looking() as conn:
                woman.of_pregnancy(services(), conn, case, session.principal, today())
            answer = redirect(url_for("web.pregnancy", pregnancy_id=case))  # type: ignore[assignment]
        except NotFound:
            answer = _refused(404, _("这位孕产妇不在您的机构管理范围内。"))
    security.set_framed_cookie(answer, security.FRAMED_COOKIE, session.token)
    answer.delete_cookie(security.LAUNCH_COOKIE, path="/", secure=True, samesite="None", partitioned=True)
    return answer


def _names_one(hospital: Hospital, system: str) -> bool:
    same = same_system(system)
    return same in {same_system(one) for one in hospital.identifiers} if hospital.identifiers else is_identity(same)


def _launcher(hospital: Hospital) -> Launcher:
    def key() -> tuple[str, str]:
        with services().pool.connection() as conn:
            return keys.signing_key(conn, services().region_id, system_clock())

    return Launcher(hospital, key, system_clock)


def _back() -> str:
    base = services().settings.base_url or request.url_root.rstrip("/")
    return base + url_for("web.launch_back")


def _not_told(error: NotTold | NotTaken) -> Response:
    if isinstance(error, NotTaken):
        return _refused(502, _("医院系统没有回答，请稍后再试。"))
    return _refused(502, pick(Text(zh=error.zh, en=error.en)))


def _refused(status: int, text: str) -> Response:
    return make_response(render_template("launch_refused.html", text=text), status)
