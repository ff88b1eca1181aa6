"""Any Questionnaire as a page: drawn, read back, explained. Pure: no request, no database, no clock."""

from web.forms.names import field_id
from web.forms.read import is_row_action, read, unconfirmed
from web.forms.render import render, summary
from web.forms.spoken import Spoken, spoken

__all__ = ["Spoken", "field_id", "is_row_action", "read", "render", "spoken", "summary", "unconfirmed"]
