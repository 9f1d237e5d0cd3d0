-- Messages that were carried out and creates that were repeated are remembered for thirty days.
SET lock_timeout = '5s';

CREATE INDEX inbox_old ON inbox (processed_at);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);
