-- Which stamp was set, where one was named: authz keeps the stamps, and may have forgotten this one since.

ALTER TABLE record_right_changes
    ADD COLUMN stamp_id uuid,
    ADD CONSTRAINT record_right_changes_stamp_check CHECK (stamp_id IS NULL OR cause = 'stamp') NOT VALID;
COMMENT ON COLUMN record_right_changes.stamp_id IS 'null also where the entries of a stamp were given without naming it';
