-- act_for --
-- For whom the transaction acts, until it ends: '*' for the region itself, whoever asks was looked at before.
SELECT set_config('app.region', %(region_id)s, true), set_config('app.organisations', '*', true)
