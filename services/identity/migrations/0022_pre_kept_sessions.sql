-- Sessions are kept for as long as hours are told of, which is more than a month by now.

COMMENT ON COLUMN impersonations.session_id IS 'no foreign key: sessions are deleted after a while, this is not';
