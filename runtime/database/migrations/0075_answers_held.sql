-- A request that no single transaction can hold is its process's for a moment that the process renews; a process that
-- dies leaves the key to whoever asks again, with what the request had begun.

ALTER TABLE http_answer
    ADD COLUMN held_until timestamptz,              -- by the machine's clock; null: by a release that gave nothing back
    ADD COLUMN fence integer NOT NULL DEFAULT 1;    -- counts who has had it: a stale one keeps nothing
COMMENT ON COLUMN http_answer.body IS 'while the first request still runs what it set out to do, then its answer';
