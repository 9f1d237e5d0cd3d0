-- Deliveries: one mail to one person, where it is in its life, and the timeline that people see.

CREATE TABLE deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id uuid,
    resend_of uuid,
    category text NOT NULL,
    template text NOT NULL,
    recipient_user_id uuid NOT NULL,
    recipient_address text NOT NULL,
    locale text NOT NULL,
    traceparent text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    attempts integer NOT NULL DEFAULT 0,
    uncertain_attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz DEFAULT now(),
    subject text,
    body_redacted text,
    last_error_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT deliveries_once_per_event UNIQUE (tenant_id, event_id, recipient_address, template),
    CONSTRAINT deliveries_resend_of_fkey FOREIGN KEY (tenant_id, resend_of) REFERENCES deliveries (tenant_id, id),
    CONSTRAINT deliveries_has_one_cause CHECK ((event_id IS NULL) <> (resend_of IS NULL)),
    CONSTRAINT deliveries_category_known CHECK (category IN ('security')),
    CONSTRAINT deliveries_state_known CHECK (
        state IN ('queued', 'claimed', 'handing_over', 'sent', 'deferred', 'refused', 'uncertain', 'cancelled')),
    CONSTRAINT deliveries_open_until_settled CHECK (
        state = 'uncertain' OR (next_try_at IS NULL) = (state IN ('sent', 'refused', 'cancelled'))),
    CONSTRAINT deliveries_sent_at_when_sent CHECK ((sent_at IS NOT NULL) = (state = 'sent'))
);
COMMENT ON COLUMN deliveries.event_id IS 'What asked for the mail; NULL for one that a person had sent again';
COMMENT ON COLUMN deliveries.next_try_at IS
    'When a worker may take it: the next try, or the end of the lease of the worker that has it; NULL: never again';
COMMENT ON COLUMN deliveries.body_redacted IS
    'The text as it was offered to the mail server, links left out; NULL while it never was';
COMMENT ON COLUMN deliveries.version IS 'Rises with each claim: an outcome counts only from the latest one';

CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX deliveries_latest ON deliveries (tenant_id, created_at DESC, id DESC);
CREATE INDEX deliveries_latest_of_recipient ON deliveries (tenant_id, recipient_user_id, created_at DESC, id DESC);

CREATE FUNCTION deliveries_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('deliveries', '');
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_wake AFTER INSERT ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION deliveries_wake();

CREATE TABLE delivery_history (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL,
    code text,
    PRIMARY KEY (tenant_id, delivery_id, seq),
    CONSTRAINT delivery_history_delivery_fkey FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, id)
);

SELECT fence_tenant('deliveries'), fence_tenant('delivery_history');
