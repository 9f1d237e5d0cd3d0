-- What hangs on a record does so in every section: numbers and schedules move out of the tables of listings.
-- The tables that they leave are dropped a release later. The owner is fenced too, hence the short opening.

CREATE TABLE record_numbers (
    tenant_id uuid NOT NULL,
    section text NOT NULL,
    last_given bigint NOT NULL,
    PRIMARY KEY (tenant_id, section)
);

CREATE TABLE record_schedules (
    tenant_id uuid NOT NULL,
    section text NOT NULL CONSTRAINT record_schedules_section_check CHECK (section IN ('listings', 'inquiries')),
    record_id uuid NOT NULL,
    action text NOT NULL CONSTRAINT record_schedules_action_check CHECK (action IN ('archive', 'restore')),
    due_at timestamptz NOT NULL,
    scheduled_by uuid NOT NULL,
    scheduled_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id, action)
);
COMMENT ON TABLE record_schedules IS 'for every section, so without a foreign key: whoever deletes a record deletes them';
CREATE INDEX record_schedules_due ON record_schedules (due_at);

ALTER TABLE listing_numbers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE listing_schedules NO FORCE ROW LEVEL SECURITY;
INSERT INTO record_numbers SELECT tenant_id, 'listings', last_given FROM listing_numbers;
INSERT INTO record_schedules
SELECT tenant_id, 'listings', listing_id, action, due_at, scheduled_by, scheduled_at FROM listing_schedules;
ALTER TABLE listing_numbers FORCE ROW LEVEL SECURITY;
ALTER TABLE listing_schedules FORCE ROW LEVEL SECURITY;

SELECT fence_tenant('record_numbers');
SELECT fence_tenant('record_schedules');

-- Two fields of a listing with a permission each.
ALTER TABLE listings
    ADD COLUMN investment boolean NOT NULL DEFAULT false,
    ADD COLUMN key_holder_id uuid;
COMMENT ON COLUMN listings.key_holder_id IS 'the colleague who keeps the keys';
