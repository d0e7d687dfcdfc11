-- People, and what keeps them signed in. Neither belongs to one project.
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL
);
-- One account an address, however it is capitalised.
CREATE UNIQUE INDEX users_email ON users (lower(email));
GRANT SELECT, INSERT, UPDATE ON users TO calibr_app;

-- `id` is the SHA-256 of the cookie's value: a dump signs nobody in.
CREATE TABLE sessions (
    id         bytea PRIMARY KEY,
    user_id    uuid REFERENCES users (id) ON DELETE CASCADE,
    data       jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX sessions_user_id ON sessions (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO calibr_app;

CREATE TABLE projects (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    project_id uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin', 'owner')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX memberships_user_id ON memberships (user_id);
CALL calibr_guard_tenant_table('memberships');
-- A person may also see in which projects they are.
CREATE POLICY own ON memberships FOR SELECT TO calibr_app
    USING (user_id = (SELECT calibr_user()));

ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON projects TO calibr_app
    USING (id = (SELECT calibr_project()))
    WITH CHECK (id = (SELECT calibr_project()));
CREATE POLICY member ON projects FOR SELECT TO calibr_app
    USING (id IN (SELECT project_id FROM memberships WHERE user_id = (SELECT calibr_user())));
GRANT SELECT, INSERT, UPDATE ON projects TO calibr_app;
