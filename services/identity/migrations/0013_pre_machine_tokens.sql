-- Tokens with which machines come in, and the sessions that they open.

CREATE TABLE machine_tokens (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL
        CONSTRAINT machine_tokens_scopes_check CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['scim', 'api']),
    acts_for uuid,
    networks text[] NOT NULL,
    token_hash bytea NOT NULL,
    issued_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT machine_tokens_hash_key UNIQUE (tenant_id, token_hash),
    CONSTRAINT machine_tokens_acts_for_check CHECK ((acts_for IS NOT NULL) = ('api' = ANY (scopes))),
    CONSTRAINT machine_tokens_acts_for_fkey FOREIGN KEY (tenant_id, acts_for) REFERENCES users
);
CREATE INDEX machine_tokens_newest ON machine_tokens (tenant_id, created_at DESC, id DESC);
CREATE INDEX machine_tokens_acts_for ON machine_tokens (tenant_id, acts_for);
SELECT fence_tenant('machine_tokens');

ALTER TABLE sessions ADD COLUMN machine_token_id uuid,
    ADD CONSTRAINT sessions_machine_token_fkey FOREIGN KEY (tenant_id, machine_token_id) REFERENCES machine_tokens;
COMMENT ON COLUMN sessions.machine_token_id IS 'whose exchange opened it; NULL for a person who signed in';
CREATE INDEX sessions_of_machine_token ON sessions (tenant_id, machine_token_id) WHERE machine_token_id IS NOT NULL;
