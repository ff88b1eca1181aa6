-- add_app --
INSERT INTO app (region_id, client_id, title, redirect_uris, launch_uri, authentication, secret_hash)
VALUES (%(region_id)s, %(client_id)s, %(title)s, %(redirect_uris)s, %(launch_uri)s, %(authentication)s, %(secret_hash)s);

-- apps --
SELECT c.id, c.name, c.organisation_id, c.scopes, c.jwks, c.active,
       a.title, a.redirect_uris, a.launch_uri, a.authentication, a.secret_hash
  FROM app a JOIN client c ON c.region_id = a.region_id AND c.id = a.client_id
 WHERE a.region_id = %(region_id)s AND (%(client_id)s::uuid IS NULL OR a.client_id = %(client_id)s)
   AND (%(name)s::text IS NULL OR c.name = %(name)s)
 ORDER BY c.name;

-- set_client_active --
UPDATE client SET active = %(active)s WHERE region_id = %(region_id)s AND id = %(client_id)s;

-- set_app_secret --
UPDATE app SET secret_hash = %(secret_hash)s
 WHERE region_id = %(region_id)s AND client_id = %(client_id)s AND authentication = 'client_secret_basic';

-- add_launch --
INSERT INTO app_launch (region_id, token_hash, client_id, account_id, pregnancy_id, expires_at)
VALUES (%(region_id)s, %(token_hash)s, %(client_id)s, %(account_id)s, %(pregnancy_id)s, %(expires_at)s);

-- launch --
-- What was opened, by this person and with this app, a moment ago.
SELECT goes_now_by(region_id, 'pregnancy', pregnancy_id) AS pregnancy_id FROM app_launch
 WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND client_id = %(client_id)s
   AND account_id = %(account_id)s AND expires_at > %(now)s;

-- spend_launch --
DELETE FROM app_launch WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s RETURNING true;

-- add_grant --
INSERT INTO app_grant (region_id, id, client_id, account_id, scopes, patient_id, pregnancy_id, encounter_id, redirect_uri,
                       code_hash, code_challenge, nonce, granted_at, code_expires_at, session_hash, ends_at)
VALUES (%(region_id)s, %(id)s, %(client_id)s, %(account_id)s, %(scopes)s, %(patient_id)s, %(pregnancy_id)s, %(encounter_id)s,
        %(redirect_uri)s, %(code_hash)s, %(code_challenge)s, %(nonce)s, %(now)s, %(code_expires_at)s, %(session_hash)s, %(ends_at)s);

-- grant_of_code --
-- Held until the transaction ends: of two who present one code the second finds it redeemed.
SELECT id, client_id, account_id, scopes, goes_now_by(region_id, 'patient', patient_id) AS patient_id,
       goes_now_by(region_id, 'pregnancy', pregnancy_id) AS pregnancy_id, encounter_id, redirect_uri, code_challenge, nonce,
       granted_at, code_expires_at, redeemed_at, session_hash, ends_at, revoked_at
  FROM app_grant WHERE region_id = %(region_id)s AND code_hash = %(code_hash)s FOR UPDATE;

-- redeem_grant --
UPDATE app_grant SET redeemed_at = %(now)s WHERE region_id = %(region_id)s AND id = %(id)s;

-- revoke_grant --
-- Every token of it opens nothing from now on.
UPDATE app_grant SET revoked_at = %(now)s WHERE region_id = %(region_id)s AND id = %(id)s AND revoked_at IS NULL;

-- revoke_grants_of --
-- Of an app, of a person, or of both.
UPDATE app_grant SET revoked_at = %(now)s
 WHERE region_id = %(region_id)s AND (%(client_id)s::uuid IS NULL OR client_id = %(client_id)s)
   AND (%(account_id)s::uuid IS NULL OR account_id = %(account_id)s) AND revoked_at IS NULL;

-- add_app_token --
INSERT INTO app_token (region_id, token_hash, grant_id, kind, scopes, issued_at, expires_at)
VALUES (%(region_id)s, %(token_hash)s, %(grant_id)s, %(kind)s, %(scopes)s, %(now)s, %(expires_at)s);

-- held_token --
-- A token with its grant, as it stands; the grant is held until the transaction ends.
SELECT t.kind, t.scopes AS token_scopes, t.issued_at, t.expires_at, t.used_at, t.revoked_at AS token_revoked_at,
       g.id, g.client_id, g.account_id, g.scopes, goes_now_by(g.region_id, 'patient', g.patient_id) AS patient_id,
       goes_now_by(g.region_id, 'pregnancy', g.pregnancy_id) AS pregnancy_id, g.encounter_id, g.redirect_uri,
       g.code_challenge, g.nonce, g.granted_at, g.code_expires_at, g.redeemed_at, g.session_hash, g.ends_at, g.revoked_at
  FROM app_token t JOIN app_grant g ON g.region_id = t.region_id AND g.id = t.grant_id
 WHERE t.region_id = %(region_id)s AND t.token_hash = %(token_hash)s FOR UPDATE OF g;

-- app_token_owner --
-- Who acts, with which app and of which woman, by an access token that is good now. A grant whose app, person or session
-- (where it was given for that alone) is gone opens nothing.
SELECT t.scopes, t.issued_at, t.expires_at, g.account_id, g.client_id,
       goes_now_by(g.region_id, 'patient', g.patient_id) AS patient_id, g.encounter_id, c.name AS app, c.scopes AS registered
  FROM app_token t
  JOIN app_grant g ON g.region_id = t.region_id AND g.id = t.grant_id AND g.revoked_at IS NULL
  JOIN client c ON c.region_id = g.region_id AND c.id = g.client_id AND c.active
 WHERE t.region_id = %(region_id)s AND t.token_hash = %(token_hash)s AND t.kind = 'access' AND t.revoked_at IS NULL
   AND t.expires_at > %(now)s
   AND ('offline_access' = ANY (g.scopes) OR EXISTS (
        SELECT FROM session s WHERE s.region_id = g.region_id AND s.token_hash = g.session_hash AND s.ended_at IS NULL));

-- use_token --
UPDATE app_token SET used_at = %(now)s WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND used_at IS NULL;

-- revoke_app_token --
UPDATE app_token SET revoked_at = %(now)s
 WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND revoked_at IS NULL;

-- session_goes_on --
-- Whether the person is signed in still; how long ago she did something does not matter here.
SELECT EXISTS (SELECT FROM session WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND ended_at IS NULL
                  AND started_at > %(started_since)s);

-- forget_launches --
DELETE FROM app_launch WHERE region_id = %(region_id)s AND expires_at < %(now)s;

-- forget_grants --
-- A week longer than any token of it could be used: so long a second use of a code or token is noticed.
DELETE FROM app_grant WHERE region_id = %(region_id)s AND ends_at < %(now)s - interval '7 days';
