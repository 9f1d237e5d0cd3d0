-- The audit trail: who changed what of whom, when, from where and why. Entries are added and never touched again.

CREATE TABLE audit_entries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'),
    subject_id uuid NOT NULL,
    author text NOT NULL CHECK (author IN ('person', 'operator', 'system')),
    actor_id uuid,
    session_id uuid,
    before jsonb,
    after jsonb,
    reason text,
    address text,
    request_id text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_entries_actor_check CHECK ((author = 'person') = (actor_id IS NOT NULL))
);
COMMENT ON COLUMN audit_entries.subject_id IS 'no foreign key: what happened stays true of what is gone';
CREATE INDEX audit_entries_newest ON audit_entries (tenant_id, at DESC, id DESC);
CREATE INDEX audit_entries_of_subject ON audit_entries (tenant_id, subject_id, at DESC, id DESC);
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor_id, at DESC, id DESC);
CREATE INDEX audit_entries_of_kind ON audit_entries (tenant_id, kind, at DESC, id DESC);
SELECT fence_tenant('audit_entries');

REVOKE UPDATE, DELETE ON audit_entries FROM PUBLIC, keyholder_app, keyholder_worker;

-- The owner and a superuser have every right; them the trigger stops.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
