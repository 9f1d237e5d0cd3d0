-- Templates and what belongs to one person: the template he is linked to, what is blocked for him, why he holds
-- what he holds. A person's own grants are grants of the holder kind `user`. All with their past, as in 0003.

CREATE TABLE templates (
    tenant_id uuid NOT NULL REFERENCES tenants,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    since timestamptz NOT NULL DEFAULT '-infinity',
    changed_by uuid,
    reason text CHECK (length(reason) <= 1000),
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN templates.since IS 'since when it has this name';
CREATE UNIQUE INDEX templates_name_key ON templates (tenant_id, lower(name));
CREATE INDEX templates_newest ON templates (tenant_id, created_at DESC, id DESC);
SELECT fence_tenant('templates');

CREATE TABLE templates_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    name text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    changed_by uuid,
    reason text,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX templates_past_of_template ON templates_past (tenant_id, id, valid_to);
SELECT fence_tenant('templates_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON templates_past FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW templates_ever WITH (security_invoker = true) AS
SELECT tenant_id, id, name, greatest(since, created_at) AS valid_from, 'infinity'::timestamptz AS valid_to,
       changed_by, reason, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM templates
UNION ALL
SELECT tenant_id, id, name, valid_from, valid_to, changed_by, reason, ended_by, end_reason FROM templates_past;

CREATE TABLE template_links (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    template_id uuid NOT NULL,
    linked_by uuid,
    linked_at timestamptz NOT NULL,
    reason text CHECK (length(reason) <= 1000),
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, template_id) REFERENCES templates
);
CREATE INDEX template_links_of_template ON template_links (tenant_id, template_id);
SELECT fence_tenant('template_links');

CREATE TABLE template_links_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    user_id uuid NOT NULL,
    template_id uuid NOT NULL,
    linked_by uuid,
    linked_at timestamptz NOT NULL,
    reason text,
    valid_to timestamptz NOT NULL,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX template_links_past_of_user ON template_links_past (tenant_id, user_id, valid_to);
CREATE INDEX template_links_past_of_template ON template_links_past (tenant_id, template_id, valid_to);
SELECT fence_tenant('template_links_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON template_links_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW template_links_ever WITH (security_invoker = true) AS
SELECT tenant_id, user_id, template_id, linked_by, reason, linked_at AS valid_from,
       'infinity'::timestamptz AS valid_to, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM template_links
UNION ALL
SELECT tenant_id, user_id, template_id, linked_by, reason, linked_at, valid_to, ended_by, end_reason
  FROM template_links_past;

CREATE TABLE blocked_switches (
    tenant_id uuid NOT NULL REFERENCES tenants,
    user_id uuid NOT NULL,
    switch text NOT NULL CHECK (switch IN ('print', 'email', 'portals', 'private_cards', 'private_notes', 'site')),
    blocked_by uuid,
    blocked_at timestamptz NOT NULL,
    reason text CHECK (length(reason) <= 1000),
    PRIMARY KEY (tenant_id, user_id, switch)
);
SELECT fence_tenant('blocked_switches');

CREATE TABLE blocked_switches_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    user_id uuid NOT NULL,
    switch text NOT NULL,
    blocked_by uuid,
    blocked_at timestamptz NOT NULL,
    reason text,
    valid_to timestamptz NOT NULL,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX blocked_switches_past_of_user ON blocked_switches_past (tenant_id, user_id, valid_to);
SELECT fence_tenant('blocked_switches_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON blocked_switches_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW blocked_switches_ever WITH (security_invoker = true) AS
SELECT tenant_id, user_id, switch, blocked_by, reason, blocked_at AS valid_from,
       'infinity'::timestamptz AS valid_to, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM blocked_switches
UNION ALL
SELECT tenant_id, user_id, switch, blocked_by, reason, blocked_at, valid_to, ended_by, end_reason
  FROM blocked_switches_past;

CREATE TABLE person_rights (
    tenant_id uuid NOT NULL REFERENCES tenants,
    user_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
    PRIMARY KEY (tenant_id, user_id)
);
COMMENT ON TABLE person_rights IS 'What an edit of one person''s own rights refers to; no row stands for version 0';
COMMENT ON COLUMN person_rights.version IS 'rises with own grants, template link, switches and description';
COMMENT ON COLUMN person_rights.description IS 'why this person got these rights (ON-78)';
SELECT fence_tenant('person_rights');
