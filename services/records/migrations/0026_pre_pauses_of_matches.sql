-- How often a listing could not be compared since it was asked for, so that the pauses between tries grow.
ALTER TABLE match_requests ADD COLUMN failures integer NOT NULL DEFAULT 0;
