-- By what a verified token was believed: who holds it, what they may do, which organisations lie below theirs. A process
-- remembers a token under the epoch it was verified in; any change of these tables, by any process, begins another one
-- with its own commit, and nothing remembered before counts any more.

CREATE TABLE people_epoch (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid NOT NULL                        -- random: a restored database never meets a later epoch by accident
);
INSERT INTO people_epoch (epoch) VALUES (gen_random_uuid());

CREATE FUNCTION begin_people_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE people_epoch SET epoch = gen_random_uuid();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no row of people_epoch can be seen: what was remembered would go on counting';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER account_begins_people_epoch AFTER UPDATE OR DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER account_role_begins_people_epoch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON account_role
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER client_begins_people_epoch AFTER UPDATE OR DELETE OR TRUNCATE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER organisation_begins_people_epoch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON organisation
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER access_token_begins_people_epoch AFTER UPDATE OR DELETE OR TRUNCATE ON access_token
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
