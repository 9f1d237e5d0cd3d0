-- A page of the calendar begins to look 31 days before its period, for what still lasts. What is over by then is now
-- passed over in the index, without a look at its row. The indexes before these begin with the same columns.

ALTER TABLE appointment_people ADD COLUMN ends_at timestamptz NOT NULL DEFAULT 'infinity';
COMMENT ON COLUMN appointment_people.ends_at IS
    'that of the appointment; without end where it was not written: whether that is over, the appointment says';

CREATE INDEX appointments_walk ON appointments (tenant_id, starts_at, id, ends_at);
CREATE INDEX appointments_walk_of_office ON appointments (tenant_id, office_id, starts_at, id, ends_at);
CREATE INDEX appointments_walk_of_owner ON appointments (tenant_id, owner_id, starts_at, id, ends_at);
CREATE INDEX appointments_walk_of_creator ON appointments (tenant_id, created_by, starts_at, id, ends_at);
CREATE INDEX appointment_people_walk ON appointment_people (tenant_id, user_id, starts_at, appointment_id, ends_at);
DROP INDEX appointments_by_start, appointments_of_office, appointments_of_owner, appointments_of_creator,
    appointment_people_by_start;
