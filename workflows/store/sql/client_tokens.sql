-- client_token --
-- A token that this client was given, if it still opens anything.
SELECT scopes, issued_at, expires_at FROM access_token
 WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND client_id = %(client_id)s
   AND revoked_at IS NULL AND expires_at > %(now)s;

-- revoke_client_token --
-- From now on this token of the client opens nothing.
UPDATE access_token SET revoked_at = %(now)s
 WHERE region_id = %(region_id)s AND token_hash = %(token_hash)s AND client_id = %(client_id)s AND revoked_at IS NULL;

-- replace_client_keys --
-- What the client signs with from now on. Assertions by other keys are refused at once; tokens it holds live out their minutes.
UPDATE client SET jwks = %(jwks)s WHERE region_id = %(region_id)s AND id = %(client_id)s AND active;

-- set_tolerances --
-- What is overlooked in what the client sends from now on.
UPDATE client SET tolerances = %(tolerances)s WHERE region_id = %(region_id)s AND id = %(client_id)s AND active;

-- put_key_address --
INSERT INTO client_key_address (region_id, client_id, address, network)
VALUES (%(region_id)s, %(client_id)s, %(address)s, %(network)s)
ON CONFLICT (region_id, client_id) DO UPDATE SET address = EXCLUDED.address, network = EXCLUDED.network, read_at = NULL;

-- drop_key_address --
DELETE FROM client_key_address WHERE region_id = %(region_id)s AND client_id = %(client_id)s;

-- take_key_address --
-- Where to ask for the keys of a client, once a minute: whoever gets the row asks.
UPDATE client_key_address SET read_at = %(now)s
 WHERE region_id = %(region_id)s AND client_id = %(client_id)s AND (read_at IS NULL OR read_at < %(before)s)
RETURNING address, network;
