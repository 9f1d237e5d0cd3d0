-- Documents of records: what they are, and the file itself.

CREATE TABLE record_documents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    section text NOT NULL CONSTRAINT record_documents_section_check CHECK (section IN ('listings', 'inquiries')),
    record_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT record_documents_kind_check CHECK (kind IN (
        'contract', 'mandate', 'deed', 'plan', 'land_register', 'energy_certificate', 'identity', 'invoice',
        'correspondence', 'other')),
    name text NOT NULL,
    is_private boolean NOT NULL,
    media_type text,
    size_bytes bigint,
    sha256 text,
    content bytea,
    created_by uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT record_documents_whole_check CHECK (num_nulls(media_type, size_bytes, sha256, content) IN (0, 4))
);
COMMENT ON TABLE record_documents IS 'for every section, so without a foreign key: whoever deletes a record deletes them';
-- Files are compressed already, most of them.
ALTER TABLE record_documents ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX record_documents_of_record ON record_documents (tenant_id, record_id, created_at DESC, id DESC);
SELECT fence_tenant('record_documents');
