-- next_number --
-- The next number of a day.
INSERT INTO referral_number (region_id, on_day, last) VALUES (%(region_id)s, %(day)s, 1)
ON CONFLICT (region_id, on_day) DO UPDATE SET last = referral_number.last + 1
RETURNING last

-- partner --
-- What the directory says now of an institution that has an installation of its own.
SELECT body FROM institution_record
 WHERE region_id = %(region_id)s AND organisation = %(organisation)s AND kind = %(kind)s AND withdrawn_at IS NULL
 ORDER BY since DESC, recorded_at DESC LIMIT 1

-- partners --
-- The institutions that have an installation of their own now.
SELECT DISTINCT organisation FROM institution_record
 WHERE region_id = %(region_id)s AND kind = %(kind)s AND withdrawn_at IS NULL
 ORDER BY organisation
