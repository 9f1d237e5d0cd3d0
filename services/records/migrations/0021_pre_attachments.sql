-- What happened to what is attached to a record and has no version of its record: documents, search criteria, dates.
-- And whose a deleted record was, so that only who could have deleted it is told of it.

CREATE TABLE attachment_history (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT attachment_history_kind_check CHECK (kind IN (
        'document', 'criteria', 'archive_schedule', 'restore_schedule')),
    attachment_id uuid,
    private_of uuid,
    action text NOT NULL CONSTRAINT attachment_history_action_check CHECK (action IN ('created', 'changed', 'deleted')),
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    changed_by uuid NOT NULL,
    PRIMARY KEY (tenant_id, record_id, changed_at, id)
);
COMMENT ON TABLE attachment_history IS 'before and after hold the fields that changed; deleted with the record';
COMMENT ON COLUMN attachment_history.private_of IS 'who added the document, where it is or was private';
SELECT fence_tenant('attachment_history');

ALTER TABLE tombstones
    ADD COLUMN office_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN assignee_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN created_by uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN is_private boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN tombstones.office_id IS 'where the record lay; nowhere, and private, where that was not written down';
CREATE INDEX tombstones_newest ON tombstones (tenant_id, section, deleted_at DESC, record_id DESC);
