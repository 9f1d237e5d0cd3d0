-- Several recipients of one mail may share an address: each has a delivery, and a decision, of his own.
SET lock_timeout = '5s';

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_once_per_event,
    ADD CONSTRAINT deliveries_once_per_event UNIQUE (
        tenant_id, event_id, recipient_address, template, recipient_user_id);
