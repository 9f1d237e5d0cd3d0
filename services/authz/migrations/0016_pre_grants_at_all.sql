-- Who administers an agency is asked at every change of its rights: by what is granted at `all`, not by reading all.
SET lock_timeout = '5s';

CREATE INDEX grants_at_all ON grants (tenant_id, key) WHERE reach = 'all' AND view = 'full';
