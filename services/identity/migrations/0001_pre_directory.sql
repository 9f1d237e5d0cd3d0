-- Agencies, offices, people and where people work.

CREATE TABLE licences (
    tenant_id uuid PRIMARY KEY,
    licence_code text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    locale text NOT NULL,
    ownership text NOT NULL CHECK (ownership IN ('assignee', 'creator', 'either')),
    seats_bought integer NOT NULL CHECK (seats_bought >= 0),
    created_at timestamptz NOT NULL
);
SELECT fence_tenant('licences');

CREATE TABLE licence_codes (
    licence_code text CONSTRAINT licence_codes_key PRIMARY KEY,
    tenant_id uuid NOT NULL UNIQUE
);
COMMENT ON TABLE licence_codes IS 'platform: a sign-in names the tenant by this code before any tenant is known';

CREATE TABLE offices (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT offices_name_key UNIQUE (tenant_id, name)
);
SELECT fence_tenant('offices');

CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    userid text NOT NULL,
    code text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    email text NOT NULL,
    locale text NOT NULL,
    state text NOT NULL CHECK (state IN ('provisioned', 'active', 'suspended', 'ghost')),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_userid_key ON users (tenant_id, lower(userid));
CREATE UNIQUE INDEX users_code_key ON users (tenant_id, upper(code));
CREATE UNIQUE INDEX users_email_key ON users (tenant_id, lower(email));
CREATE INDEX users_newest ON users (tenant_id, created_at DESC, id DESC);
SELECT fence_tenant('users');

CREATE TABLE assignments (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    office_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('principal', 'secondary')),
    PRIMARY KEY (tenant_id, user_id, office_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE,
    CONSTRAINT assignments_office_fkey FOREIGN KEY (tenant_id, office_id) REFERENCES offices
);
SELECT fence_tenant('assignments');
