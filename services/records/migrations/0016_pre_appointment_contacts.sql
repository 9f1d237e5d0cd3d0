-- Contacts who take part in appointments, and inquiries that these are about.

ALTER TABLE appointments
    ADD COLUMN inquiry_id uuid,
    ADD CONSTRAINT appointments_inquiry_fkey FOREIGN KEY (tenant_id, inquiry_id) REFERENCES inquiries
        ON DELETE SET NULL (inquiry_id);
CREATE INDEX appointments_about_inquiry ON appointments (tenant_id, inquiry_id) WHERE inquiry_id IS NOT NULL;

CREATE TABLE appointment_contacts (
    tenant_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, appointment_id, contact_id),
    CONSTRAINT appointment_contacts_appointment_fkey FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
        ON DELETE CASCADE,
    CONSTRAINT appointment_contacts_contact_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts
        ON DELETE CASCADE
);
COMMENT ON TABLE appointment_contacts IS 'their addresses stay theirs';
CREATE INDEX appointment_contacts_of_contact ON appointment_contacts (tenant_id, contact_id);
SELECT fence_tenant('appointment_contacts');
