-- Whom a holder's grants are for, whichever kind of holder it is: members of a group, people linked to a template,
-- or the person himself. The one thing that every question about rights begins with.

CREATE VIEW belongings WITH (security_invoker = true) AS
SELECT tenant_id, user_id, 'group' AS holder_kind, group_id AS holder_id, expires_at AS until FROM group_members
UNION ALL
SELECT tenant_id, user_id, 'template', template_id, NULL FROM template_links
UNION ALL
SELECT tenant_id, id, 'user', id, NULL FROM people;
