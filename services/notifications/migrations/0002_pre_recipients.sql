-- Recipients: who can get mail, what each wants, what the agency usually sends, and addresses that gave mail back.

CREATE TABLE agencies (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    locale text NOT NULL,
    retention_days integer NOT NULL DEFAULT 730,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id),
    CONSTRAINT agencies_retention_days_sensible CHECK (retention_days BETWEEN 30 AND 3650)
);
COMMENT ON COLUMN agencies.retention_days IS 'How long mails stay in the communication history once nothing more is tried';

CREATE TABLE recipients (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    facts_version bigint NOT NULL,
    display_name text NOT NULL,
    email text NOT NULL,
    locale text NOT NULL,
    state text NOT NULL,
    receives boolean NOT NULL DEFAULT true,
    sends boolean NOT NULL DEFAULT true,
    sender_address text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT recipients_kind_known CHECK (kind IN ('user', 'contact')),
    CONSTRAINT recipients_state_known CHECK (state IN ('provisioned', 'active', 'suspended', 'ghost'))
);
COMMENT ON COLUMN recipients.facts_version IS 'Version of the person at identity that this picture shows; 0 for a contact';
COMMENT ON COLUMN recipients.version IS 'Rises with each change made here: switches, choices, a contact''s card';
CREATE INDEX recipients_latest ON recipients (tenant_id, created_at DESC, id DESC);

CREATE TABLE contacts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    company text NOT NULL,
    telephone text NOT NULL,
    address_1 text NOT NULL,
    address_2 text NOT NULL,
    city text NOT NULL,
    province text NOT NULL,
    postcode text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT contacts_recipient_fkey FOREIGN KEY (tenant_id, id) REFERENCES recipients (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE preferences (
    tenant_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    category text NOT NULL,
    wanted boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, recipient_id, category),
    CONSTRAINT preferences_recipient_fkey FOREIGN KEY (tenant_id, recipient_id)
        REFERENCES recipients (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT preferences_category_known CHECK (
        category IN ('general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches'))
);

CREATE TABLE default_preferences (
    tenant_id uuid NOT NULL,
    category text NOT NULL,
    wanted boolean NOT NULL,
    PRIMARY KEY (tenant_id, category),
    CONSTRAINT default_preferences_category_known CHECK (
        category IN ('general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches'))
);

CREATE TABLE suppressions (
    tenant_id uuid NOT NULL,
    address_hash bytea NOT NULL,
    severity text NOT NULL,
    code text NOT NULL,
    bounces integer NOT NULL DEFAULT 1,
    last_bounce_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, address_hash),
    CONSTRAINT suppressions_severity_known CHECK (severity IN ('soft', 'hard'))
);
COMMENT ON TABLE suppressions IS 'Addresses that gave mail back, as digests; in force once hard, or soft often enough, until expires_at';

ALTER TABLE deliveries ADD COLUMN sender_user_id uuid;
ALTER TABLE deliveries ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE deliveries ADD COLUMN ground text;
COMMENT ON COLUMN deliveries.recipient_user_id IS 'The recipient: a user, or a contact, who never signs in';
COMMENT ON COLUMN deliveries.facts IS 'What the text tells besides names; never a secret';
COMMENT ON COLUMN deliveries.ground IS 'What decided, when it was last tried, whether the recipient gets it';

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_category_known,
    DROP CONSTRAINT deliveries_state_known,
    DROP CONSTRAINT deliveries_open_until_settled,
    DROP CONSTRAINT deliveries_has_one_cause,
    ADD CONSTRAINT deliveries_category_known CHECK (category IN (
        'security', 'general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches')),
    ADD CONSTRAINT deliveries_state_known CHECK (state IN (
        'queued', 'claimed', 'handing_over', 'sent', 'deferred', 'refused', 'uncertain', 'cancelled', 'suppressed')),
    ADD CONSTRAINT deliveries_open_until_settled CHECK (
        state = 'uncertain' OR (next_try_at IS NULL) = (state IN ('sent', 'refused', 'cancelled', 'suppressed'))),
    ADD CONSTRAINT deliveries_has_one_cause CHECK (num_nonnulls(event_id, resend_of) = 1);

SELECT fence_tenant('agencies'), fence_tenant('recipients'), fence_tenant('contacts'), fence_tenant('preferences'),
       fence_tenant('default_preferences'), fence_tenant('suppressions');
