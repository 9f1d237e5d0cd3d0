-- What must be filled in before a record is taken on, offered or archived: one document per section, as the agency chose.
-- And what became of a schedule that could not be carried out, for instance since such a field was empty.

CREATE TABLE required_fields (
    tenant_id uuid NOT NULL,
    section text NOT NULL CONSTRAINT required_fields_section_check CHECK (section IN ('listings', 'inquiries')),
    version bigint NOT NULL,
    fields jsonb NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, section, version)
);
COMMENT ON TABLE required_fields IS 'every version is kept; the highest counts';
COMMENT ON COLUMN required_fields.fields IS 'names of fields by stage';
SELECT fence_tenant('required_fields');

ALTER TABLE record_schedules
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN failure text;
CREATE INDEX record_schedules_of_tenant ON record_schedules (tenant_id, due_at, record_id);
COMMENT ON COLUMN record_schedules.failure IS 'code of the problem; what failed waits until somebody has it tried again';
