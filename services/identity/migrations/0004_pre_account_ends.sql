-- Accounts that end: the state for it, and external technicians, whose visit always does.

ALTER TABLE users DROP CONSTRAINT users_state_check,
    ADD CONSTRAINT users_state_check CHECK (state IN ('provisioned', 'active', 'suspended', 'ghost', 'expired')),
    ADD COLUMN kind text NOT NULL DEFAULT 'colleague'
        CONSTRAINT users_kind_check CHECK (kind IN ('colleague', 'external_technician')),
    ADD COLUMN sponsor_id uuid,
    ADD COLUMN reminded_of timestamptz;
CREATE INDEX users_technicians ON users (tenant_id) WHERE kind = 'external_technician' AND state <> 'ghost';
