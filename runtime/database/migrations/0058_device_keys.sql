-- What a browser keeps for a person while there is no network is enciphered with a key that only this person's sign-in
-- brings (AC-33): on a shared computer it can be read by nobody else, and still by her after the power was away.

ALTER TABLE account ADD COLUMN device_key bytea NOT NULL
    DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
    CONSTRAINT account_device_key_is_256_bits CHECK (length(device_key) = 32);
