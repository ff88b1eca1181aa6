"""Who may open which page. An endpoint without a row here cannot be reached: deny by default."""

from __future__ import annotations

from workflows.leads import REPORTERS
from workflows.people.access import RIGHTS as RIGHTS_OF_API
from workflows.people.roles import CARE, EVERYONE, OVERSEE, READERS

PUBLIC = frozenset(
    {
        *("web.static", "web.sign_in", "web.sign_in_form", "web.colours", "web.set_language"),
        *("web.launch", "web.launch_back"),  # who is asking a hospital's own system says
        *("web.authorize", "web.authorize_by_post"),  # some is refused to an app before it matters who is there
        *("web.service_worker", "web.offline"),  # the same for everybody, and about nobody
    }
)
SENT_BY_OTHERS = frozenset({"web.authorize_by_post"})  # forms of pages that are not ours; they change nothing
DESIGNERS = frozenset({"R-DESIGN"})
LOOK_AT_DIAGRAMS = DESIGNERS | {"R-ITADM"}
OPERATE = RIGHTS_OF_API["operate"]
MATCH = RIGHTS_OF_API["match"]
MIGRATE = RIGHTS_OF_API["migrate"]
ARRIVALS = MATCH | OPERATE  # who operates sees the structure of what arrived, who matches sees it whole
CLIENTS = RIGHTS_OF_API["clients"]  # what is settled about hospital systems
MAP_CODES = RIGHTS_OF_API["map-codes"]
SEE_CLIENTS = MAP_CODES | {"auditor"}
REGISTER_OF_FOCUS = frozenset({"R-VDOC", "R-MCHW", "R-PM-F", "R-HCADM"})  # [seed:001 5] township and county
LADDER = frozenset({"R-OB-AC", "R-PM-P", "R-MED", "R-PM-F", "R-DIR", "R-HCADM", "R-MSO"})  # journey §4.3
COUNTY = frozenset({"R-PM-F", "R-HCADM"})  # the numbers of the county, and the women behind them
REGISTER = frozenset({"R-MCHW", "R-MIDW", "R-OB", "R-OB-AC", "R-PM-F"})  # P02: who may open a woman's record

FINISH = CARE | LOOK_AT_DIAGRAMS | OVERSEE  # who oversees finishes what is meant for that role alone
INSTITUTIONS = REGISTER | COUNTY  # P22: what institutions owe and tell each other
RETURNS = INSTITUTIONS - {"R-MIDW"}  # individual returns of the own institutions

TASKS = READERS | LOOK_AT_DIAGRAMS | {"auditor"}  # a diagram that is no pregnancy has tasks too

RIGHTS: dict[str, frozenset[str]] = {
    "web.home": EVERYONE,
    "web.sign_out": EVERYONE,
    "web.tasks": TASKS,
    "web.task": TASKS,
    "web.submit_task": FINISH,
    "web.evaluate_task": FINISH,
    "web.draft_task": FINISH,
    "web.claim_task": FINISH,
    "web.release_task": FINISH,
    "web.assign_task": CARE | COUNTY | LOOK_AT_DIAGRAMS,
    "web.comment_on_task": CARE | COUNTY | LOOK_AT_DIAGRAMS,
    "web.attach_to_task": CARE | COUNTY | LOOK_AT_DIAGRAMS,
    "web.task_attachment": TASKS,
    "web.register_form": REGISTER,
    "web.register": REGISTER,
    "web.evaluate_registration": REGISTER,
    "web.lead_form": REPORTERS,
    "web.open_lead": REPORTERS,
    "web.evaluate_lead": REPORTERS,
    "web.referrals": CARE | COUNTY,
    "web.referral": CARE | COUNTY,
    "web.referral_document": CARE | COUNTY,
    "web.referral_paper": CARE | COUNTY,
    "web.end_referral": CARE,  # whose step it is is asked once inside
    "web.follow_referral": CARE,  # likewise
    "web.search": READERS,
    "web.pregnancy": READERS,
    "web.text_consent": CARE,
    "web.label_sheet": READERS,
    "web.focus_register": REGISTER_OF_FOCUS,
    "web.focus_file": REGISTER_OF_FOCUS,
    "web.occasion_form": CARE,  # which of them begins what is asked once inside
    "web.begin_occasion": CARE,
    "web.evaluate_occasion": CARE,
    "web.audit": frozenset({"auditor"}),
    "web.escalations": LADDER,
    "web.inbox": MATCH,
    "web.assign_inbox_item": MATCH,
    "web.dismiss_inbox_item": MATCH,
    "web.arrivals": ARRIVALS,
    "web.arrival": ARRIVALS,
    "web.retry_arrival": ARRIVALS,
    "web.correct_arrival": MATCH,
    "web.discard_arrival": MATCH,
    "web.agree": READERS,
    "web.apps": OPERATE,
    "web.register_app": OPERATE,
    "web.switch_app": OPERATE,
    "web.new_app_secret": OPERATE,
    "web.launch_app": READERS,
    "web.hospitals": CLIENTS,  # of the own organisations, asked once inside
    "web.register_hospital": CLIENTS,
    "web.switch_hospital": CLIENTS,
    "web.map_hospital_person": CLIENTS,
    "web.rotate_hospital_keys": CLIENTS,
    "web.clients": SEE_CLIENTS,
    "web.client": SEE_CLIENTS,
    "web.set_tolerances": CLIENTS,
    "web.set_client_keys": CLIENTS,
    "web.set_inbound": CLIENTS,
    "web.map_code": MAP_CODES,
    "web.settle_code": MAP_CODES,
    "web.correct_dates_form": REGISTER,
    "web.correct_dates": REGISTER,
    "web.merge_form": MATCH,
    "web.merge": MATCH,
    "web.unmerge_form": MATCH,
    "web.unmerge": MATCH,
    "web.identity": RIGHTS_OF_API["correct"],
    "web.correct_identity": RIGHTS_OF_API["correct"],
    "web.results": RIGHTS_OF_API["correct"],
    "web.enter_result": RIGHTS_OF_API["correct"],
    "web.withdraw_result": RIGHTS_OF_API["correct"],
    "web.amend_grading_form": RIGHTS_OF_API["grade"],
    "web.amend_grading": RIGHTS_OF_API["grade"],
    "web.criteria_changes": COUNTY | RIGHTS_OF_API["grade"],
    "web.indicators_report": COUNTY,
    "web.reports": COUNTY,
    "web.score_file": COUNTY,
    "web.submitted_reports": COUNTY,
    "web.submitted_report": COUNTY,
    "web.hand_in": COUNTY,
    "web.region_rules": TASKS,
    "web.institutions": INSTITUTIONS,
    "web.take_up_duties": COUNTY,
    "web.begin_form": INSTITUTIONS,
    "web.begin_matter": INSTITUTIONS,
    "web.directory_page": READERS,
    "web.add_line": INSTITUTIONS,
    "web.withdraw_line": INSTITUTIONS,
    "web.staff_page": INSTITUTIONS,
    "web.returns_page": RETURNS,
    "web.return_file": RETURNS,
    "web.reviews_page": COUNTY | {"R-OB-AC"},  # confidential: for review only
    "web.registers": COUNTY,
    "web.bring_in": COUNTY,
    "web.settle_row": COUNTY,
    "web.indicator_women": COUNTY,
    "web.indicators_file": COUNTY,
    "web.indicator_file": COUNTY,
    "web.operations": LOOK_AT_DIAGRAMS | {"auditor"},
    "web.settle_incident": OPERATE,
    "web.resend_message": OPERATE,
    "web.replay_subscription": OPERATE,
    "web.instance": LOOK_AT_DIAGRAMS | READERS | {"auditor"},
    "web.operate_instance": OPERATE,
    "web.instance_migration": MIGRATE,
    "web.migrate_instance": MIGRATE,
    "web.revert_migration": MIGRATE,
    "web.instance_moves": OPERATE,
    "web.move_tokens": OPERATE,
    "web.migration": MIGRATE,
    "web.migrate": MIGRATE,
    "web.hold_definition": MIGRATE,
    "web.batch": LOOK_AT_DIAGRAMS | {"auditor"},
    "web.new_batch": MIGRATE,  # which operation is whose is asked once inside
    "web.create_batch": MIGRATE,
    "web.steer_batch": MIGRATE,
    "web.take_batch_back": MIGRATE,
    "web.statistics": LOOK_AT_DIAGRAMS | {"auditor"},
    "web.definitions": LOOK_AT_DIAGRAMS,
    "web.designer": LOOK_AT_DIAGRAMS,
    "web.pathway": TASKS,
    "web.pathway_process": TASKS,
    "web.definition_xml": LOOK_AT_DIAGRAMS | READERS | {"auditor"},
    "web.try_expression": LOOK_AT_DIAGRAMS,
    "web.check_definition": DESIGNERS,
    "web.deploy_definition": DESIGNERS,
}


def may(roles: frozenset[str], endpoint: str) -> bool:
    """Whether the holder of these roles may call this endpoint."""
    return endpoint in PUBLIC or bool(RIGHTS.get(endpoint, frozenset()) & roles)
