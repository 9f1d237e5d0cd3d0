-- Password profiles, earlier passwords, and new passwords by mail.

ALTER TABLE licences ADD COLUMN password_profile text NOT NULL DEFAULT 'classic'
    CHECK (password_profile IN ('classic', 'nist', 'asvs-l2', 'custom'));
ALTER TABLE licences ADD COLUMN password_rules jsonb;
COMMENT ON COLUMN licences.password_rules IS 'what the custom profile asks for; NULL with any other';
ALTER TABLE licences ADD COLUMN sign_in_version bigint NOT NULL DEFAULT 1;
ALTER TABLE licences ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false;

CREATE TABLE earlier_passwords (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    set_at timestamptz NOT NULL,
    password_hash text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, set_at),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
SELECT fence_tenant('earlier_passwords');

CREATE TABLE password_resets (
    tenant_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX password_resets_of_user ON password_resets (tenant_id, user_id);
CREATE INDEX password_resets_expiry ON password_resets (expires_at);
SELECT fence_tenant('password_resets');

CREATE TABLE reset_requests (
    id uuid PRIMARY KEY,
    tenant_id uuid,
    user_id uuid,
    asked_at timestamptz NOT NULL
);
COMMENT ON TABLE reset_requests IS
    'platform: whoever is asked for, known or not, costs the same to write down; a job empties it';
