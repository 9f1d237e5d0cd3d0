-- Appointments: local times as they were meant beside the instants they come to, and who takes part.

ALTER TABLE people ADD COLUMN principal_office_id uuid;
COMMENT ON COLUMN people.principal_office_id IS 'the first of them; in whose calendar an appointment lies when nothing else is said';

CREATE TABLE appointments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT appointments_kind_check CHECK (kind IN (
        'viewing', 'acquisition', 'signing', 'call', 'meeting', 'absence', 'other')),
    title text NOT NULL,
    note text,
    place text,
    office_id uuid,
    owner_id uuid NOT NULL,
    created_by uuid NOT NULL,
    listing_id uuid,
    is_private boolean NOT NULL,
    timezone text NOT NULL,
    starts_local text NOT NULL CONSTRAINT appointments_starts_local_check CHECK (starts_local ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d$'),
    ends_local text NOT NULL CONSTRAINT appointments_ends_local_check CHECK (ends_local ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d$'),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT appointments_office_fkey FOREIGN KEY (tenant_id, office_id) REFERENCES offices,
    CONSTRAINT appointments_listing_fkey FOREIGN KEY (tenant_id, listing_id) REFERENCES listings
        ON DELETE SET NULL (listing_id),
    CONSTRAINT appointments_lasts_check CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '744 hours')
);
COMMENT ON CONSTRAINT appointments_lasts_check ON appointments IS 'so that a list need look no further back than 31 days';
CREATE INDEX appointments_by_start ON appointments (tenant_id, starts_at, id);
CREATE INDEX appointments_of_office ON appointments (tenant_id, office_id, starts_at, id);
CREATE INDEX appointments_of_owner ON appointments (tenant_id, owner_id, starts_at, id);
CREATE INDEX appointments_of_creator ON appointments (tenant_id, created_by, starts_at, id);
CREATE INDEX appointments_about_listing ON appointments (tenant_id, listing_id) WHERE listing_id IS NOT NULL;
SELECT fence_tenant('appointments');

CREATE TABLE appointment_people (
    tenant_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, appointment_id, user_id),
    CONSTRAINT appointment_people_appointment_fkey FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
        ON DELETE CASCADE
);
COMMENT ON TABLE appointment_people IS 'whoever takes part, the owner included';
COMMENT ON COLUMN appointment_people.starts_at IS 'that of the appointment, so that a calendar is walked in order';
CREATE INDEX appointment_people_by_start ON appointment_people (tenant_id, user_id, starts_at, appointment_id);
SELECT fence_tenant('appointment_people');

CREATE TABLE appointment_guests (
    tenant_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    email text NOT NULL,
    display_name text NOT NULL,
    locale text NOT NULL,
    PRIMARY KEY (tenant_id, appointment_id, email),
    CONSTRAINT appointment_guests_appointment_fkey FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
        ON DELETE CASCADE
);
COMMENT ON TABLE appointment_guests IS 'those who take part and are no users';
SELECT fence_tenant('appointment_guests');
