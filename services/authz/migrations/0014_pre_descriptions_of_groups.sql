-- What a group gives access to, in words (AM-14).
SET lock_timeout = '5s';

ALTER TABLE permission_groups ADD COLUMN description text NOT NULL DEFAULT '' CHECK (length(description) <= 500);
ALTER TABLE permission_groups_past ADD COLUMN description text NOT NULL DEFAULT '';

CREATE OR REPLACE VIEW permission_groups_ever WITH (security_invoker = true) AS
SELECT tenant_id, id, name, is_employee_group, greatest(since, created_at) AS valid_from,
       'infinity'::timestamptz AS valid_to, changed_by, reason, NULL::uuid AS ended_by, NULL::text AS end_reason,
       description
  FROM permission_groups
UNION ALL
SELECT tenant_id, id, name, is_employee_group, valid_from, valid_to, changed_by, reason, ended_by, end_reason,
       description
  FROM permission_groups_past;
