-- Which of the product's permissions an agency has been offered, so that those of a later release are noticed.

ALTER TABLE tenants ADD COLUMN offered text[];
COMMENT ON COLUMN tenants.offered IS 'permissions of every release so far; NULL: whatever was ever granted';
