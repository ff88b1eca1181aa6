-- put_hospital --
-- Correcting what is known of one does not switch it on.
INSERT INTO launching_hospital (region_id, issuer, title, organisation_id, client_id, authentication, scopes, origins,
                                identifiers, network, active, created_at)
VALUES (%(region_id)s, %(issuer)s, %(title)s, %(organisation_id)s, %(client_id)s, %(authentication)s, %(scopes)s, %(origins)s,
        %(identifiers)s, %(network)s, true, %(now)s)
ON CONFLICT (region_id, issuer) DO UPDATE
   SET title = EXCLUDED.title, organisation_id = EXCLUDED.organisation_id, client_id = EXCLUDED.client_id,
       authentication = EXCLUDED.authentication, scopes = EXCLUDED.scopes, origins = EXCLUDED.origins,
       identifiers = EXCLUDED.identifiers, network = EXCLUDED.network;

-- hospitals --
-- All, or the one that calls itself so; switched off ones too.
SELECT issuer, title, organisation_id, client_id, authentication, scopes, origins, identifiers, network, active
  FROM launching_hospital
 WHERE region_id = %(region_id)s AND (%(issuer)s::text IS NULL OR issuer = %(issuer)s) ORDER BY issuer;

-- switch_hospital --
UPDATE launching_hospital SET active = %(active)s WHERE region_id = %(region_id)s AND issuer = %(issuer)s;

-- map_person --
INSERT INTO hospital_person (region_id, issuer, external, account_id, mapped_at, mapped_by)
VALUES (%(region_id)s, %(issuer)s, %(external)s, %(account_id)s, %(now)s, %(by)s)
ON CONFLICT (region_id, issuer, external) DO UPDATE
   SET account_id = EXCLUDED.account_id, mapped_at = EXCLUDED.mapped_at, mapped_by = EXCLUDED.mapped_by;

-- unmap_person --
DELETE FROM hospital_person WHERE region_id = %(region_id)s AND issuer = %(issuer)s AND external = %(external)s;

-- mapped_people --
SELECT p.external, a.login FROM hospital_person p JOIN account a ON a.region_id = p.region_id AND a.id = p.account_id
 WHERE p.region_id = %(region_id)s AND p.issuer = %(issuer)s ORDER BY a.login, p.external;

-- accounts_known_as --
-- Whose these names are; more than one account: the names contradict each other.
SELECT DISTINCT p.account_id FROM hospital_person p
 WHERE p.region_id = %(region_id)s AND p.issuer = %(issuer)s AND p.external = ANY (%(externals)s);

-- add_hospital_sign_in --
INSERT INTO hospital_sign_in (region_id, state_hash, browser_hash, issuer, verifier, nonce, expires_at)
VALUES (%(region_id)s, %(state_hash)s, %(browser_hash)s, %(issuer)s, %(verifier)s, %(nonce)s, %(expires_at)s);

-- take_hospital_sign_in --
-- It is there once, and for the browser that began it.
DELETE FROM hospital_sign_in
 WHERE region_id = %(region_id)s AND state_hash = %(state_hash)s AND browser_hash = %(browser_hash)s
RETURNING issuer, verifier, nonce, expires_at;

-- forget_hospital_sign_ins --
DELETE FROM hospital_sign_in WHERE region_id = %(region_id)s AND expires_at < %(now)s;

-- add_framed_session --
INSERT INTO session (region_id, token_hash, account_id, started_at, seen_at, issuer)
VALUES (%(region_id)s, %(token_hash)s, %(account_id)s, %(now)s, %(now)s, %(issuer)s);
