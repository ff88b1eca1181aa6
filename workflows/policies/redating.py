"""Whether an early scan moves the due date. A doctor confirms; the old date stays in the history (journey G-6, G-8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

# (last day of the band in completed days, difference in days that must be exceeded) [known]: <=8+6 >5 d; 9+0-15+6 >7 d;
# 16+0-21+6 >10 d; 22+0-27+6 >14 d; from 28+0 >21 d. A pack replaces it (`edd.redate_table`).
REDATE_TABLE: Sequence[tuple[int, int]] = ((62, 5), (111, 7), (153, 10), (195, 14), (400, 21))


def proposes_redating(
    edd: date,
    scan_edd: date,
    scan_age_days: int,
    *,
    confirmed_by_scan: bool,
    table: Sequence[tuple[int, int]] = REDATE_TABLE,
) -> bool:
    """True when the scan's due date differs by more than the band allows and no scan has settled the date before.

    scan_age_days: age of the pregnancy by the scan, in days.
    >>> proposes_redating(date(2025, 10, 8), date(2025, 10, 14), 60, confirmed_by_scan=False)
    True
    """
    if confirmed_by_scan:
        return False
    limit = next((days for last, days in table if scan_age_days <= last), table[-1][1])
    return abs((scan_edd - edd).days) > limit
