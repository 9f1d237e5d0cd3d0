-- Consent with which the vendor's support may look as somebody of the agency does, and each time that it did.

CREATE TABLE support_consents (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    given_by uuid NOT NULL,
    given_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    administrators boolean NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX support_consents_newest ON support_consents (tenant_id, given_at DESC, id DESC);
SELECT fence_tenant('support_consents');

CREATE TABLE impersonations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    consent_id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT impersonations_session_key UNIQUE (tenant_id, session_id),
    FOREIGN KEY (tenant_id, consent_id) REFERENCES support_consents,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
COMMENT ON COLUMN impersonations.session_id IS 'no foreign key: sessions are deleted after a month, this is not';
CREATE INDEX impersonations_newest ON impersonations (tenant_id, begun_at DESC, id DESC);
CREATE INDEX impersonations_of_consent ON impersonations (tenant_id, consent_id);
CREATE INDEX impersonations_of_user ON impersonations (tenant_id, user_id);
SELECT fence_tenant('impersonations');

ALTER TABLE sessions ADD COLUMN actor text;
COMMENT ON COLUMN sessions.actor IS 'who of the support looks as the person does; NULL for everybody else';
