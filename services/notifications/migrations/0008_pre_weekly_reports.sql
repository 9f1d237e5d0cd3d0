-- The weekly report to administrators: which Monday's was the last, and when the next is due.

CREATE TABLE report_schedules (
    tenant_id uuid NOT NULL,
    monday date,
    next_due_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id)
);
COMMENT ON COLUMN report_schedules.monday IS 'Of the last report, by the agency''s clock; NULL: to be worked out';
CREATE INDEX report_schedules_due ON report_schedules (next_due_at);

INSERT INTO report_schedules (tenant_id) SELECT tenant_id FROM agencies;

SELECT fence_tenant('report_schedules');
