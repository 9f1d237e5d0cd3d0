-- Appointments that are over are forgotten: digests look at today, invitations at what is to come.

CREATE INDEX appointments_over ON appointments (ends_at);
