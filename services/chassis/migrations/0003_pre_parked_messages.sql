-- Messages that were given up are counted and listed, an agency's own by pages.
SET lock_timeout = '5s';

CREATE INDEX failed_messages_parked ON failed_messages (tenant_id, first_failed_at, message_id) WHERE next_try_at IS NULL;
