-- Known devices, tries that are counted, wrong passwords that are counted once, and refused sign-ins.

CREATE TABLE devices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    added_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT devices_token_key UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX devices_of_user ON devices (tenant_id, user_id);
CREATE INDEX devices_seen ON devices (seen_at);
SELECT fence_tenant('devices');

CREATE TABLE sign_in_counters (
    key bytea PRIMARY KEY,
    busy_until timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z',
    in_a_row integer NOT NULL DEFAULT 0 CHECK (in_a_row >= 0)
);
CREATE INDEX sign_in_counters_idle ON sign_in_counters (busy_until);
COMMENT ON TABLE sign_in_counters IS
    'platform: tries are counted before any tenant is known; a key is a keyed digest and says nothing by itself';

CREATE TABLE wrong_passwords (
    key bytea NOT NULL,
    digest bytea NOT NULL,
    tried_at timestamptz NOT NULL,
    PRIMARY KEY (key, digest)
);
CREATE INDEX wrong_passwords_tried ON wrong_passwords (tried_at);
COMMENT ON TABLE wrong_passwords IS
    'platform: as sign_in_counters; keyed digests of eight bytes, so that the same wrong password counts once';

CREATE TABLE refused_sign_ins (
    id uuid PRIMARY KEY,
    tenant_id uuid,
    user_id uuid,
    address text NOT NULL,
    reason text NOT NULL,
    refused_at timestamptz NOT NULL,
    announced boolean NOT NULL DEFAULT false
);
CREATE INDEX refused_sign_ins_due ON refused_sign_ins (id) WHERE NOT announced AND user_id IS NOT NULL;
CREATE INDEX refused_sign_ins_age ON refused_sign_ins (refused_at);
CREATE INDEX refused_sign_ins_of_user ON refused_sign_ins (tenant_id, user_id, refused_at DESC);
COMMENT ON TABLE refused_sign_ins IS
    'platform: a wrong licence code has no tenant, and every wrong combination must cost the same to write down';
