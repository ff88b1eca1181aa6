"""What a person settles about a client: what is overlooked, what its codes mean, what is agreed for other ways in.
Pages, HTTP and command line ask here; each change leaves its row in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import EngineError, Incorrect, NotFound
from fhir_adapters.access import Viewer
from fhir_adapters.arrivals import agreed
from fhir_adapters.arrivals.profile import Code, Profile, read_text
from fhir_adapters.bundles import ApplyBundle
from fhir_adapters.entries import Entry
from fhir_adapters.store import resources, tolerances
from fhir_adapters.store.tolerances import Agreement, Key, Mapped, Unmapped
from fhir_adapters.terminology import ITEMS, LOINC, item_of
from fhir_adapters.tolerances.kinds import CODES, checked
from fhir_adapters.tolerances.reading import Agreed, put_right
from workflows.people.model import Client, Principal
from workflows.people.roles import ROLES

LONGEST, LONGEST_PROFILE = 200, 100_000
PORTION = 200
OWN_VARIABLES = "YUNTU_"  # of our own settings: no view of a hospital lies behind one of these
VIEWS_VARIABLES = "YUNTU_VIEW_"


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """Resources that say now what they meant; `failed` of those could not be written."""

    changed: int = 0
    failed: int = 0


class Registration:
    def __init__(self, services: Any) -> None:
        self._services = services
        self._region = services.region_id

    def client(self, name: str) -> Client:
        found: Client | None = self._services.people.client(name)
        if found is None or found.name != name:
            raise NotFound("没有这个系统", "no such client")
        return found

    def set_tolerances(self, name: str, names: Iterable[str], by: Principal) -> Client:
        """Raises NotFound, Incorrect."""
        wanted = checked(names)
        client: Client = self._services.people.set_tolerances(self.client(name), wanted, by)
        return client

    def codes(self, name: str) -> list[Mapped]:
        with self._services.pool.connection() as conn:
            return tolerances.all_codes(conn, self._region, self.client(name).name)

    def unmapped(self, name: str, states: tuple[str, ...] = ("open",)) -> list[Unmapped]:
        with self._services.pool.connection() as conn:
            return tolerances.unmapped(conn, self._region, self.client(name).name, states)

    def map_code(self, name: str, key: Key, item: str, unit: str | None, by: Principal) -> Rerun:
        """From now on, and for what is stored already. Raises NotFound, Incorrect."""
        client, code = self.client(name), _meaning(key, item, unit)
        with self._services.pool.connection() as conn, conn.transaction():
            before = tolerances.codes_of(conn, self._region, name, [key]).get(key)
            now = self._services.clock()
            tolerances.put_code(conn, self._region, name, key, code, by=by.login, now=now)
            tolerances.settle(conn, self._region, name, key, "mapped", by=by.login, now=now)
            detail = {"system": key[0], "code": key[1], "item": item, "unit": unit}
            self._services.people.audit(by, "map-code", "client", name, detail, conn=conn)
        return self._run_again(client, key, code, before)

    def run_again(self, name: str, key: Key, by: Principal) -> Rerun:
        """What was stored before the code was mapped, or could not be written then. Raises NotFound."""
        client = self.client(name)
        with self._services.pool.connection() as conn:
            code = tolerances.codes_of(conn, self._region, name, [key]).get(key)
        if code is None:
            raise NotFound("此代码没有对照", "this code is not mapped")
        self._services.people.audit(by, "run-again", "client", name, {"system": key[0], "code": key[1]})
        return self._run_again(client, key, code, None)

    def drop_code(self, name: str, key: Key, by: Principal) -> None:
        """It means nothing from now on; what is stored stays. Raises NotFound."""
        self.client(name)
        with self._services.pool.connection() as conn, conn.transaction():
            if not tolerances.drop_code(conn, self._region, name, key):
                raise NotFound("此代码没有对照", "this code is not mapped")
            detail = {"system": key[0], "code": key[1]}
            self._services.people.audit(by, "drop-code", "client", name, detail, conn=conn)

    def set_aside(self, name: str, key: Key, by: Principal) -> None:
        """It is of no use here: nobody is asked again. Raises NotFound."""
        self.client(name)
        with self._services.pool.connection() as conn, conn.transaction():
            now = self._services.clock()
            if not tolerances.settle(conn, self._region, name, key, "set-aside", by=by.login, now=now):
                raise NotFound("没有这个待对照代码", "no such code waits")
            detail = {"system": key[0], "code": key[1]}
            self._services.people.audit(by, "set-code-aside", "client", name, detail, conn=conn)

    def hand_over(self, name: str, key: Key, owner: str, by: Principal) -> None:
        """Whose task it is from now on: a role or an account. Raises NotFound."""
        self.client(name)
        if owner not in ROLES:
            self._services.people.account(owner)
        with self._services.pool.connection() as conn, conn.transaction():
            if not tolerances.hand_over(conn, self._region, name, key, owner):
                raise NotFound("没有这个待对照代码", "no such code waits")
            detail = {"system": key[0], "code": key[1], "owner": owner}
            self._services.people.audit(by, "hand-over-code", "client", name, detail, conn=conn)

    # --- for HL7 v2, CDA, files, views ---

    def inbound(self, name: str) -> Agreement | None:
        with self._services.pool.connection() as conn:
            return tolerances.inbound_of(conn, self._region, self.client(name).name)

    def inbound_text(self, name: str) -> str:
        """As it was entered, else its file, else the least that can be."""
        found = self.inbound(name)
        if found is not None:
            return found.text
        path = agreed.profiles(self._services).folder / f"{name}.yaml"
        return path.read_text(encoding="utf-8") if path.is_file() else f"client: {name}\n"

    def put_inbound(self, name: str, text: str, by: Principal) -> Profile:
        """Raises NotFound, Incorrect with the place of every fault. Empty: its file counts again."""
        self.client(name)
        text = text.replace("\r\n", "\n").strip() + "\n"
        profile = _sound(name, text)
        with self._services.pool.connection() as conn, conn.transaction():
            tolerances.put_inbound(conn, self._region, name, text, by=by.login, now=self._services.clock())
            self._services.people.audit(by, "set-inbound-profile", "client", name, None, conn=conn)
        return profile

    def drop_inbound(self, name: str, by: Principal) -> None:
        self.client(name)
        with self._services.pool.connection() as conn, conn.transaction():
            if not tolerances.drop_inbound(conn, self._region, name):
                raise NotFound("没有在页面上填写的档案", "nothing was entered")
            self._services.people.audit(by, "drop-inbound-profile", "client", name, None, conn=conn)

    def originals(self, type_: str, id_: str, by: Principal) -> list[dict[str, Any]]:
        """What the versions of a resource said before they were put right; for whoever may see the resource. Leaves its
        row in the audit. Raises NotFound."""
        with self._services.pool.connection() as conn, conn.transaction():
            found = resources.read(conn, self._region, type_, id_, Viewer.of(by))
            if found is None:
                raise NotFound("没有此资源", "no such resource")
            self._services.people.record_access(
                conn,
                principal=by,
                interaction="read",
                resource_type=type_,
                patient_ids={found[1]} if found[1] else set(),
            )
            return tolerances.tolerated_of(conn, self._region, type_, id_)

    # --- what is stored already ---

    def _run_again(self, client: Client, key: Key, code: Code, before: Code | None) -> Rerun:
        who: Principal | None = self._services.people.system(client.name)
        if who is None or CODES not in client.tolerances:
            return Rerun()
        viewer, after, done = Viewer.of(who), "", Rerun()
        settled = Agreed(names=frozenset({CODES}), mrn_system="", codes={key: code})
        while True:
            with self._services.pool.connection() as conn:
                ids = tolerances.with_code(conn, self._region, viewer.source, key, after=after, limit=PORTION)
            for id_ in ids:
                done = self._again(who, viewer, id_, settled, before, done)
            if len(ids) < PORTION:
                return done
            after = ids[-1]

    def _again(
        self, who: Principal, viewer: Viewer, id_: str, settled: Agreed, before: Code | None, done: Rerun
    ) -> Rerun:
        with self._services.pool.connection() as conn:
            stored = resources.current(conn, self._region, "Observation", id_)
        if stored is None:
            return done
        resource = _without(stored.resource(), before)
        entry = Entry(
            method="PUT", type="Observation", id=id_, resource=resource, if_match=stored.version, at="Observation"
        )
        made = put_right(entry, settled)
        if all(use.what is not None for use in made.tolerated):
            return done
        try:
            self._services.engine.execute(ApplyBundle(entries=(made,), viewer=viewer), by=who.actor)
        except EngineError:
            return replace(done, failed=done.failed + 1)
        return replace(done, changed=done.changed + 1)


def _meaning(key: Key, item: str, unit: str | None) -> Code:
    system, code = key
    if not code or len(code) > LONGEST or len(system) > LONGEST:
        raise Incorrect("须给出代码", "a code is needed", code="code")
    if system == LOINC:
        raise Incorrect("LOINC 号不能另作对照", "a LOINC number cannot be given another meaning", code="system")
    if item not in ITEMS:
        raise Incorrect("没有这个检查项目", "no such item", code="item")
    if unit is not None and item_of(item).unit is None:
        raise Incorrect("此项目没有单位", "this item has no unit", code="unit")
    return Code(item=item, unit=unit)


def _without(resource: dict[str, Any], before: Code | None) -> dict[str, Any]:
    """As it was before another meaning was given to its code."""
    if before is None:
        return resource
    item = item_of(before.item)

    def bare(part: Mapping[str, Any]) -> dict[str, Any]:
        concept = part.get("code", {})
        kept = [c for c in concept.get("coding", ()) if (c.get("system"), c.get("code")) != (item.system, item.code)]
        rest = {name: value for name, value in concept.items() if name != "coding"}
        return {**part, "code": {**({"coding": kept} if kept else {}), **rest}}

    made = bare(resource)
    if "component" in made:
        made["component"] = [bare(part) for part in made["component"]]
    return made


def _sound(name: str, text: str) -> Profile:
    if len(text) > LONGEST_PROFILE:
        raise Incorrect("内容过长", "the text is too long", code="text")
    profile = read_text(text, name)
    if profile.client != name:
        raise Incorrect("client 应为本系统的名称", "client must be the name of this system", code="client")
    for view in profile.views:
        if view.database.startswith(OWN_VARIABLES) and not view.database.startswith(VIEWS_VARIABLES):
            raise Incorrect(
                "database 不能是本系统自己的设置", "database must not be a setting of our own", code="database"
            )
    return profile
