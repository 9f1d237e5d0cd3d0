-- Bounces: what mail systems say of mails that they took and gave back; and when people's accounts end.

CREATE TABLE bounces (
    id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    status text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
);
COMMENT ON TABLE bounces IS 'platform: a returned mail names its delivery and not its agency; a worker finds that out';

CREATE INDEX deliveries_by_id ON deliveries (id);
CREATE INDEX deliveries_settled ON deliveries (created_at) WHERE next_try_at IS NULL;
CREATE INDEX deliveries_resent ON deliveries (tenant_id, resend_of) WHERE resend_of IS NOT NULL;

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_state_known,
    DROP CONSTRAINT deliveries_open_until_settled,
    DROP CONSTRAINT deliveries_sent_at_when_sent,
    ADD CONSTRAINT deliveries_state_known CHECK (state IN (
        'queued', 'claimed', 'handing_over', 'sent', 'deferred', 'refused', 'uncertain', 'cancelled', 'suppressed',
        'bounced')),
    ADD CONSTRAINT deliveries_open_until_settled CHECK (
        state = 'uncertain'
        OR (next_try_at IS NULL) = (state IN ('sent', 'refused', 'cancelled', 'suppressed', 'bounced'))),
    ADD CONSTRAINT deliveries_sent_at_when_sent CHECK (
        state = 'bounced' OR (sent_at IS NOT NULL) = (state = 'sent'));

ALTER TABLE recipients ADD COLUMN ends_at timestamptz;
COMMENT ON COLUMN recipients.ends_at IS 'When a colleague''s account ends; NULL for never, and for technicians, of whom identity tells';
CREATE INDEX recipients_ending ON recipients (ends_at) WHERE ends_at IS NOT NULL;
