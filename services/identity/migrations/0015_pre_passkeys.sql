-- Passkeys (WebAuthn), and challenges that wait to be signed by one.

CREATE TABLE passkeys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_check CHECK (length(credential_id) <= 1023),
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL CONSTRAINT passkeys_sign_count_check CHECK (sign_count >= 0),
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT passkeys_credential_key UNIQUE (tenant_id, credential_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
COMMENT ON COLUMN passkeys.sign_count IS 'as the authenticator last counted: one that does not go on is a copy';
CREATE INDEX passkeys_of_user ON passkeys (tenant_id, user_id);
SELECT fence_tenant('passkeys');

CREATE TABLE passkey_challenges (
    tenant_id uuid NOT NULL,
    challenge_hash bytea NOT NULL,
    purpose text NOT NULL CONSTRAINT passkey_challenges_purpose_check
        CHECK (purpose IN ('registration', 'enrolment', 'second_step', 'sign_in')),
    user_id uuid,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, challenge_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
COMMENT ON COLUMN passkey_challenges.user_id IS 'NULL while nobody knows who signs in';
CREATE INDEX passkey_challenges_of_user ON passkey_challenges (tenant_id, user_id);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);
SELECT fence_tenant('passkey_challenges');
