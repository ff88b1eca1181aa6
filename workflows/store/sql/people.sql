-- put_organisation --
-- Add an organisation or correct its name and place in the tree.
INSERT INTO organisation (region_id, id, kind, name, parent_id)
VALUES (%(region_id)s, %(id)s, %(kind)s, %(name)s, %(parent_id)s)
ON CONFLICT (region_id, id) DO UPDATE SET kind = EXCLUDED.kind, name = EXCLUDED.name, parent_id = EXCLUDED.parent_id;

-- organisations --
SELECT id, kind, name, parent_id FROM organisation WHERE region_id = %(region_id)s ORDER BY id;

-- add_account --
INSERT INTO account (region_id, id, login, name, organisation_id, password_hash, created_at)
VALUES (%(region_id)s, %(id)s, %(login)s, %(name)s, %(organisation_id)s, %(password_hash)s, %(now)s);

-- grant_role --
INSERT INTO account_role (region_id, account_id, role, granted_at, granted_by)
VALUES (%(region_id)s, %(account_id)s, %(role)s, %(now)s, %(granted_by)s)
ON CONFLICT DO NOTHING;

-- revoke_role --
DELETE FROM account_role WHERE region_id = %(region_id)s AND account_id = %(account_id)s AND role = %(role)s;

-- accounts --
SELECT a.id, a.login, a.name, a.organisation_id, a.active,
       ARRAY(SELECT r.role FROM account_role r WHERE r.region_id = a.region_id AND r.account_id = a.id ORDER BY r.role) AS roles
  FROM account a WHERE a.region_id = %(region_id)s ORDER BY a.created_at, a.login;

-- account_by_login --
-- The hash leaves the database only here, to be compared with what was typed.
SELECT a.id, a.login, a.name, a.organisation_id, a.active, a.password_hash,
       ARRAY(SELECT r.role FROM account_role r WHERE r.region_id = a.region_id AND r.account_id = a.id ORDER BY r.role) AS roles
  FROM account a WHERE a.region_id = %(region_id)s AND a.login = %(login)s;

-- set_active --
UPDATE account SET active = %(active)s WHERE region_id = %(region_id)s AND id = %(account_id)s;

-- set_password --
UPDATE account SET password_hash = %(password_hash)s WHERE region_id = %(region_id)s AND id = %(account_id)s;

-- add_failure --
INSERT INTO sign_in_failure (region_id, login, address, failed_at)
VALUES (%(region_id)s, %(login)s, %(address)s, %(now)s);

-- count_failures --
SELECT count(*) FROM sign_in_failure
 WHERE region_id = %(region_id)s AND login = %(login)s AND address = %(address)s AND failed_at > %(since)s;

-- forget_failures --
-- A good sign-in, or ten minutes, wipes the slate.
DELETE FROM sign_in_failure
 WHERE region_id = %(region_id)s AND ((login = %(login)s AND address = %(address)s) OR failed_at <= %(since)s);

-- add_session --
INSERT INTO session (region_id, token_hash, account_id, started_at, seen_at)
VALUES (%(region_id)s, %(token_hash)s, %(account_id)s, %(now)s, %(now)s);

-- session_account --
-- Who is behind a live session: neither ended, nor idle too long, nor older than a working day.
SELECT a.id, a.login, a.name, a.organisation_id, a.active, a.device_key, s.seen_at, coalesce(h.origins, '{}') AS framed_by,
       ARRAY(SELECT r.role FROM account_role r WHERE r.region_id = a.region_id AND r.account_id = a.id ORDER BY r.role) AS roles
  FROM session s JOIN account a ON a.region_id = s.region_id AND a.id = s.account_id
  LEFT JOIN launching_hospital h ON h.region_id = s.region_id AND h.issuer = s.issuer AND h.active
 WHERE s.region_id = %(region_id)s AND s.token_hash = %(token_hash)s AND s.ended_at IS NULL AND a.active
   AND (s.issuer IS NULL OR h.issuer IS NOT NULL)
   AND s.seen_at > %(idle_since)s AND s.started_at > %(started_since)s;

-- touch_session --
UPDATE session SET seen_at = %(now)s WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND ended_at IS NULL;

-- end_session --
UPDATE session SET ended_at = %(now)s WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND ended_at IS NULL;

-- end_sessions_of --
UPDATE session SET ended_at = %(now)s WHERE region_id = %(region_id)s AND account_id = %(account_id)s AND ended_at IS NULL;

-- revoke_tokens_of --
UPDATE access_token SET revoked_at = %(now)s
 WHERE region_id = %(region_id)s AND (account_id = %(owner_id)s OR client_id = %(owner_id)s) AND revoked_at IS NULL;

-- add_token --
INSERT INTO access_token (region_id, token_hash, account_id, client_id, scopes, issued_at, expires_at)
VALUES (%(region_id)s, %(token_hash)s, %(account_id)s, %(client_id)s, %(scopes)s, %(now)s, %(expires_at)s);

-- people_epoch --
-- Another one after every change of accounts, roles, organisations, hospital systems and tokens that exist.
SELECT epoch FROM people_epoch;

-- token_owner --
SELECT t.scopes, t.account_id, t.client_id, t.expires_at FROM access_token t
 WHERE t.region_id = %(region_id)s AND t.token_hash = %(token_hash)s AND t.revoked_at IS NULL AND t.expires_at > %(now)s;

-- account_by_id --
SELECT a.id, a.login, a.name, a.organisation_id, a.active,
       ARRAY(SELECT r.role FROM account_role r WHERE r.region_id = a.region_id AND r.account_id = a.id ORDER BY r.role) AS roles
  FROM account a WHERE a.region_id = %(region_id)s AND a.id = %(account_id)s AND a.active;

-- add_client --
INSERT INTO client (region_id, id, name, organisation_id, scopes, jwks, created_at)
VALUES (%(region_id)s, %(id)s, %(name)s, %(organisation_id)s, %(scopes)s, %(jwks)s, %(now)s);

-- clients --
SELECT id, name, organisation_id, scopes, jwks, active, tolerances FROM client WHERE region_id = %(region_id)s ORDER BY name;

-- client_by_id --
SELECT id, name, organisation_id, scopes, jwks, active, tolerances FROM client
 WHERE region_id = %(region_id)s AND id = %(client_id)s AND active;

-- client_by_name --
SELECT id, name, organisation_id, scopes, jwks, active, tolerances FROM client
 WHERE region_id = %(region_id)s AND name = %(name)s AND active;

-- use_assertion --
-- True once per assertion; the second presentation finds the row.
INSERT INTO client_assertion (region_id, client_id, jti, expires_at)
VALUES (%(region_id)s, %(client_id)s, %(jti)s, %(expires_at)s)
ON CONFLICT DO NOTHING RETURNING true;

-- forget_assertions --
DELETE FROM client_assertion WHERE region_id = %(region_id)s AND expires_at < %(now)s;

-- add_audit --
INSERT INTO audit (region_id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail)
VALUES (%(region_id)s, %(at)s, %(actor_id)s, %(actor_kind)s, %(organisation)s, %(action)s, %(subject_kind)s, %(subject_id)s, %(detail)s);

-- audit_rows --
SELECT id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail FROM audit
 WHERE region_id = %(region_id)s AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
   AND (%(after)s::bigint IS NULL OR id > %(after)s) ORDER BY id LIMIT %(limit)s;

-- begin_answer --
-- The first request with a key gets a row of its own; a later one finds it.
INSERT INTO http_answer (region_id, client, key, request_hash, at)
VALUES (%(region_id)s, %(client)s, %(key)s, %(request_hash)s, %(now)s)
ON CONFLICT DO NOTHING RETURNING true;

-- stored_answer --
SELECT request_hash, status, body FROM http_answer
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s;

-- finish_answer --
UPDATE http_answer SET status = %(status)s, body = %(body)s
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s;

-- take_answer --
-- The first request with a key, or one that finds that the first has died: it goes on with what that had set out to do.
INSERT INTO http_answer AS a (region_id, client, key, request_hash, body, at, held_until)
VALUES (%(region_id)s, %(client)s, %(key)s, %(request_hash)s, %(plan)s, %(now)s, clock_timestamp() + %(lease)s)
ON CONFLICT (region_id, client, key) DO UPDATE SET held_until = clock_timestamp() + %(lease)s, fence = a.fence + 1
 WHERE a.status IS NULL AND a.held_until < clock_timestamp() AND a.request_hash = EXCLUDED.request_hash
RETURNING fence, body;

-- hold_answer --
UPDATE http_answer SET held_until = clock_timestamp() + %(lease)s
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s AND fence = %(fence)s AND status IS NULL;

-- finish_held_answer --
-- Whoever was taken over keeps nothing.
UPDATE http_answer SET status = 200, body = %(body)s
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s AND fence = %(fence)s AND status IS NULL;

-- drop_answer --
DELETE FROM http_answer
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s AND fence = %(fence)s AND status IS NULL;

-- care_of --
-- The organisations that look after the women of these instances: those that the case names, and whoever was given
-- something to do for her since.
SELECT i.id, ARRAY(
         SELECT n.organisation
           FROM unnest(ARRAY[i.variables ->> 'home_organisation', i.variables ->> 'hospital_organisation',
                             i.variables ->> 'county_organisation']) AS n (organisation)
          WHERE n.organisation <> ''
         UNION
         SELECT a.organisation_id FROM patient_area a
          WHERE a.region_id = i.region_id AND a.patient_id = i.variables ->> 'patient_id') AS organisations
  FROM instance i WHERE i.region_id = %(region_id)s AND i.id = ANY(%(instance_ids)s);

-- lock_document --
SELECT pg_advisory_xact_lock(hashtextextended(%(document)s, 7));

-- forget_tokens --
-- A week longer than it opened anything.
DELETE FROM access_token WHERE region_id = %(region_id)s AND expires_at < %(now)s - interval '7 days';

-- forget_sessions --
DELETE FROM session WHERE region_id = %(region_id)s AND started_at < %(now)s - interval '30 days';

-- forget_http_answers --
-- A key is known for a week, as the engine's are.
DELETE FROM http_answer WHERE region_id = %(region_id)s AND at < %(now)s - interval '7 days';

-- forget_old_failures --
DELETE FROM sign_in_failure WHERE region_id = %(region_id)s AND failed_at < %(now)s - interval '1 day';

-- forget_spent_assertions --
DELETE FROM client_assertion WHERE region_id = %(region_id)s AND expires_at < %(now)s - interval '1 hour';
