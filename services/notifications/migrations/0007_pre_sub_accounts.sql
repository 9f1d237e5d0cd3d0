-- Sub-accounts: contacts that may sign in, as identity tells of them; and the sender addresses of agent cards.

CREATE TABLE sub_accounts (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    version bigint NOT NULL,
    granted boolean NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE sub_accounts IS 'Which user is which contact; the contact''s choices are the user''s while it is granted';
COMMENT ON COLUMN sub_accounts.granted IS 'False once revoked: the row stays so that older news change nothing';
CREATE INDEX sub_accounts_of_contact ON sub_accounts (tenant_id, contact_id) WHERE granted;

ALTER TABLE recipients
    ADD COLUMN card_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN card_sender_address text;
COMMENT ON COLUMN recipients.card_sender_address IS
    'Whence a colleague''s mails are sent by his agent card (MG-12), unless sender_address says otherwise';

SELECT fence_tenant('sub_accounts');
