CREATE TABLE integrations (
    project_id       uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    id               uuid NOT NULL,
    platform         text NOT NULL,
    name             text NOT NULL,
    -- What makes the store the same store when it is connected again.
    store_key        text NOT NULL,
    address          text NOT NULL,
    config           jsonb NOT NULL,
    status           text NOT NULL
        CHECK (status IN ('pending', 'connected', 'error', 'expired', 'disconnected')),
    status_detail    text,
    paused           boolean NOT NULL DEFAULT false,
    currency         text,
    api_version      text,
    connected_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    -- Everything the store changed before this moment is here.
    watermark        timestamptz,
    last_sync_at     timestamptz,
    item_count       bigint NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, platform, store_key)
);
CALL calibr_guard_tenant_table('integrations');
-- Messages from platforms and jobs name an integration alone.
CREATE UNIQUE INDEX integrations_id ON integrations (id, project_id);

CREATE TABLE data_keys (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    id             uuid NOT NULL,
    -- The master key it is sealed by, for counting; the bytes say it too.
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (project_id, integration_id, id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('data_keys');

CREATE TABLE credentials (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    field          text NOT NULL,
    data_key_id    uuid NOT NULL,
    sealed         bytea NOT NULL,
    ends_in        text,
    saved_by       uuid REFERENCES users (id) ON DELETE SET NULL,
    saved_at       timestamptz NOT NULL,
    expires_at     timestamptz,
    PRIMARY KEY (project_id, integration_id, field),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE,
    -- A data key does not go while it seals something.
    FOREIGN KEY (project_id, integration_id, data_key_id)
        REFERENCES data_keys (project_id, integration_id, id)
);
CALL calibr_guard_tenant_table('credentials');

-- A sealed known text for each master key, to tell at start whether the key is
-- the one that sealed what is stored. Belongs to no project.
CREATE TABLE vault_canaries (
    key_id     text PRIMARY KEY,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON vault_canaries TO calibr_app;

-- One-click connects under way. `id` is the SHA-256 of the state that the
-- platform hands back.
CREATE TABLE connect_attempts (
    id             bytea NOT NULL,
    project_id     uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    platform       text NOT NULL,
    fields         jsonb NOT NULL,
    -- Set where a store that is already there is connected anew.
    integration_id uuid,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX connect_attempts_id ON connect_attempts (id);
CREATE INDEX connect_attempts_project ON connect_attempts (project_id, expires_at);
CALL calibr_guard_tenant_table('connect_attempts');

-- The callback knows only the state and who is signed in: takes the attempt and
-- uses it up.
CREATE FUNCTION calibr_take_connect_attempt(wanted bytea, by_user uuid)
    RETURNS SETOF connect_attempts
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        DELETE FROM connect_attempts WHERE id = wanted AND user_id = by_user RETURNING *;
    END;
REVOKE EXECUTE ON FUNCTION calibr_take_connect_attempt(bytea, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_take_connect_attempt(bytea, uuid) TO calibr_app;
