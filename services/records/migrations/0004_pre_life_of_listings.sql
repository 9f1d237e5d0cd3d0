-- What happened to a record, field by field; what will happen to it by itself; and what is left of it once deleted.

CREATE TABLE record_history (
    tenant_id uuid NOT NULL,
    section text NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    action text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id, version)
);
COMMENT ON TABLE record_history IS 'before and after hold the fields that changed; deleted with the record';
SELECT fence_tenant('record_history');

CREATE TABLE listing_schedules (
    tenant_id uuid NOT NULL,
    listing_id uuid NOT NULL,
    action text NOT NULL CONSTRAINT listing_schedules_action_check CHECK (action IN ('archive', 'restore')),
    due_at timestamptz NOT NULL,
    scheduled_by uuid NOT NULL,
    scheduled_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, listing_id, action),
    CONSTRAINT listing_schedules_listing_fkey FOREIGN KEY (tenant_id, listing_id) REFERENCES listings ON DELETE CASCADE
);
CREATE INDEX listing_schedules_due ON listing_schedules (due_at);
SELECT fence_tenant('listing_schedules');

CREATE TABLE tombstones (
    tenant_id uuid NOT NULL,
    section text NOT NULL,
    record_id uuid NOT NULL,
    number text NOT NULL,
    cause text NOT NULL CONSTRAINT tombstones_cause_check CHECK (cause IN ('deleted', 'objection')),
    ground text,
    deleted_by uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id)
);
COMMENT ON COLUMN tombstones.ground IS 'the legal ground of an objection; no personal data';
SELECT fence_tenant('tombstones');
