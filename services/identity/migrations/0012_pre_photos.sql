-- Photos of people (MG-13): the picture as it was uploaded, and the one that is shown.

CREATE TABLE photos (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    media_type text CONSTRAINT photos_media_type_check CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp')),
    original bytea,
    width integer,
    height integer,
    shown bytea,
    edits jsonb,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE,
    CONSTRAINT photos_whole_check CHECK (
        num_nulls(media_type, original, width, height, shown, edits) IN (0, 6))
);
COMMENT ON COLUMN photos.version IS 'goes on after a deletion, so that no ETag ever names two pictures';
-- Pictures are compressed already: neither try again nor read them in pieces.
ALTER TABLE photos ALTER COLUMN original SET STORAGE EXTERNAL, ALTER COLUMN shown SET STORAGE EXTERNAL;
SELECT fence_tenant('photos');
