-- When a person's account ends by itself: who will not be let in one day is no administrator to count on.

ALTER TABLE people ADD COLUMN ends_at timestamptz;
COMMENT ON COLUMN people.ends_at IS 'from when on identity does not let the person in any more; NULL: never ends';

-- Which of the groups that an agency starts with a group is, whatever the agency calls it.

ALTER TABLE permission_groups ADD COLUMN code text CHECK (length(code) <= 50);
COMMENT ON COLUMN permission_groups.code IS 'NULL: made by the agency itself';
CREATE UNIQUE INDEX permission_groups_code_key ON permission_groups (tenant_id, code) WHERE code IS NOT NULL;
