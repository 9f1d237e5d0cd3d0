-- Authenticator apps (RFC 6238), recovery codes, and sign-ins that wait for one of them.

CREATE TABLE authenticators (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
COMMENT ON COLUMN authenticators.secret IS 'sealed: of no use without the passphrase of the installation';
COMMENT ON COLUMN authenticators.last_step IS 'the half minute of the last code used: neither it nor an older one works again';
SELECT fence_tenant('authenticators');

CREATE TABLE recovery_codes (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, user_id, code_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
SELECT fence_tenant('recovery_codes');

CREATE TABLE challenges (
    tenant_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX challenges_of_user ON challenges (tenant_id, user_id);
CREATE INDEX challenges_expiry ON challenges (expires_at);
SELECT fence_tenant('challenges');
