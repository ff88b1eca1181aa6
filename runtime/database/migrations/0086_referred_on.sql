-- A step of a referral that was not there: the receiver refers her on, and the first sender is told. Older code neither
-- writes nor reads it.
ALTER TABLE referral_step DROP CONSTRAINT referral_step_step_check;
ALTER TABLE referral_step ADD CONSTRAINT referral_step_step_check CHECK (step IN (
    'requested', 'received', 'accepted', 'refused', 'departed', 'arrived', 'onward', 'returned', 'no-show', 'withdrawn'));
