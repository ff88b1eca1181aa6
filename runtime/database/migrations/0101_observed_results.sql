-- Results that wait say when each was observed: looking at a burst read all that is known of the woman for that alone.

ALTER TABLE inbound_burst ADD COLUMN observed jsonb NOT NULL DEFAULT '{}';  -- name to moment, of those in facts
