-- signing_key --
-- The key that signs now.
SELECT kid, private_key FROM signing_key
 WHERE region_id = %(region_id)s AND retired_at IS NULL ORDER BY created_at DESC LIMIT 1

-- keys --
-- Every key that is published, the newest first.
SELECT kid, private_key FROM signing_key WHERE region_id = %(region_id)s ORDER BY created_at DESC, kid

-- add_key --
-- A key that signs from now on.
INSERT INTO signing_key (region_id, kid, private_key, created_at)
VALUES (%(region_id)s, %(kid)s, %(private_key)s, %(now)s)

-- retire_keys --
-- Whatever signed until now signs no more.
UPDATE signing_key SET retired_at = %(now)s WHERE region_id = %(region_id)s AND retired_at IS NULL

-- forget_keys --
-- Those that sign no more are published no more.
DELETE FROM signing_key WHERE region_id = %(region_id)s AND retired_at IS NOT NULL

-- identity_key --
-- The key that signs who somebody is from now on.
SELECT kid, private_key FROM identity_key
 WHERE region_id = %(region_id)s AND retired_at IS NULL ORDER BY created_at DESC LIMIT 1

-- identity_keys --
-- Those that sign, and those of which something signed may still be good.
SELECT kid, private_key FROM identity_key
 WHERE region_id = %(region_id)s AND (retired_at IS NULL OR retired_at > %(since)s) ORDER BY created_at DESC, kid

-- add_identity_key --
INSERT INTO identity_key (region_id, kid, private_key, created_at)
VALUES (%(region_id)s, %(kid)s, %(private_key)s, %(now)s)

-- retire_identity_keys --
UPDATE identity_key SET retired_at = %(now)s WHERE region_id = %(region_id)s AND retired_at IS NULL

-- hold_identity_keys --
-- One process at a time changes them.
SELECT pg_advisory_xact_lock(hashtextextended('identity-key' || chr(31) || %(region_id)s, 0))
