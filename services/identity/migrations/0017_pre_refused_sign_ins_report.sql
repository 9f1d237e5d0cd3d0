-- The report of refused sign-ins walks an agency's own, newest first.

CREATE INDEX refused_sign_ins_newest ON refused_sign_ins (tenant_id, refused_at DESC, id DESC);
