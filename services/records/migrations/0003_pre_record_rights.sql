-- Record rights: what a single record says to a user, a team or an office, beside what their rights say in general.
-- One table for every section, so without a foreign key to the records: whoever deletes a record deletes its entries.

CREATE TABLE record_rights (
    tenant_id uuid NOT NULL,
    section text NOT NULL CONSTRAINT record_rights_section_check CHECK (section IN ('listings', 'inquiries', 'contacts')),
    record_id uuid NOT NULL,
    holder_kind text NOT NULL CONSTRAINT record_rights_holder_kind_check CHECK (holder_kind IN ('user', 'team', 'office')),
    holder_id uuid NOT NULL,
    record_class text NOT NULL CONSTRAINT record_rights_class_check CHECK (record_class IN ('read', 'write', 'identity')),
    effect text NOT NULL CONSTRAINT record_rights_effect_check CHECK (effect IN ('allow', 'deny')),
    given_by uuid NOT NULL,
    given_at timestamptz NOT NULL,
    record_updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id, record_class, holder_id)
);
COMMENT ON COLUMN record_rights.record_updated_at IS 'that of the record, so that what was allowed is walked in the order of the list';
CREATE INDEX record_rights_allowed ON record_rights (tenant_id, section, holder_id, record_updated_at DESC, record_id DESC)
    WHERE record_class = 'read' AND effect = 'allow';
CREATE INDEX record_rights_of_holder ON record_rights (tenant_id, holder_id, section, record_class, effect, record_id);
SELECT fence_tenant('record_rights');

-- Every change of a record's entries, whole before and after: the history, and what a restoration goes back to.
CREATE TABLE record_right_changes (
    tenant_id uuid NOT NULL,
    section text NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    cause text NOT NULL CONSTRAINT record_right_changes_cause_check CHECK (cause IN (
        'set', 'stamp', 'mass_update', 'holder_removed', 'restored')),
    entries jsonb NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id, version)
);
COMMENT ON COLUMN record_right_changes.entries IS 'as they were after the change';
SELECT fence_tenant('record_right_changes');
