-- Agencies' own wordings of their mails, one per mail and language.

CREATE TABLE wordings (
    tenant_id uuid NOT NULL,
    template text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, template, language),
    CONSTRAINT wordings_language_known CHECK (language IN ('it', 'pl', 'de', 'fr', 'en'))
);

SELECT fence_tenant('wordings');
