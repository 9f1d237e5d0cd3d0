-- Appointments that are over, and what became of each day's digest, are forgotten with the mails about them.
SET lock_timeout = '5s';

CREATE INDEX appointments_ended ON appointments (ends_at);
CREATE INDEX digest_runs_old ON digest_runs (local_date);
