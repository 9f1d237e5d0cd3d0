-- The daily digest: a picture of appointments, when each person gets one, and what became of each day's.

CREATE TABLE appointments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    summary text NOT NULL,
    is_private boolean NOT NULL,
    cancelled boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE appointment_people (
    tenant_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, appointment_id, user_id),
    CONSTRAINT appointment_people_appointment_fkey FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES appointments (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE appointment_people IS 'Who takes part, the owner included; nobody of a cancelled appointment';
CREATE INDEX appointment_people_of_day ON appointment_people (tenant_id, user_id, ends_at, starts_at);

CREATE TABLE digest_schedules (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    timezone text,
    local_hour integer NOT NULL DEFAULT 7,
    when_empty boolean NOT NULL DEFAULT false,
    next_date date,
    next_due_at timestamptz NOT NULL DEFAULT '-infinity',
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT digest_schedules_user_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES recipients (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT digest_schedules_local_hour_known CHECK (local_hour BETWEEN 0 AND 23)
);
COMMENT ON COLUMN digest_schedules.timezone IS 'NULL: the agency''s';
COMMENT ON COLUMN digest_schedules.next_date IS 'NULL: to be worked out';
CREATE INDEX digest_schedules_due ON digest_schedules (next_due_at);

CREATE TABLE digest_runs (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    local_date date NOT NULL,
    outcome text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, local_date),
    CONSTRAINT digest_runs_outcome_known CHECK (outcome IN ('queued', 'empty', 'missed'))
);

INSERT INTO digest_schedules (tenant_id, user_id) SELECT tenant_id, id FROM recipients WHERE kind = 'user';

SELECT fence_tenant('appointments'), fence_tenant('appointment_people'), fence_tenant('digest_schedules'),
       fence_tenant('digest_runs');
