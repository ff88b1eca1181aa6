-- What was understood and changed nothing on a woman's pathway says so: to the sender, and to whoever looks at what arrived.
ALTER TABLE arrival_outcome
  ADD COLUMN notes jsonb NOT NULL DEFAULT '[]';  -- [{"code", "zh", "en", "at"}] as in `problems`: nothing is wrong
CREATE INDEX arrival_outcome_noted_idx ON arrival_outcome (region_id, received_at) WHERE notes <> '[]';  -- serves arrivals
