-- Invitations: guests, who are known by an address alone, and what a mail about an appointment has to know of it.

ALTER TABLE recipients
    DROP CONSTRAINT recipients_kind_known,
    ADD CONSTRAINT recipients_kind_known CHECK (kind IN ('user', 'contact', 'guest'));
CREATE INDEX recipients_guests ON recipients (tenant_id, id) WHERE kind = 'guest';

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_category_known,
    ADD CONSTRAINT deliveries_category_known CHECK (category IN (
        'security', 'general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches',
        'invitations'));
ALTER TABLE preferences
    DROP CONSTRAINT preferences_category_known,
    ADD CONSTRAINT preferences_category_known CHECK (category IN (
        'general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches', 'invitations'));
ALTER TABLE default_preferences
    DROP CONSTRAINT default_preferences_category_known,
    ADD CONSTRAINT default_preferences_category_known CHECK (category IN (
        'general', 'services', 'domain', 'administration', 'support', 'appointments', 'matches', 'invitations'));

ALTER TABLE appointments
    ADD COLUMN owner_id uuid,
    ADD COLUMN timezone text NOT NULL DEFAULT 'UTC';
COMMENT ON COLUMN appointment_people.user_id IS 'The recipient: a user, a contact or a guest';
