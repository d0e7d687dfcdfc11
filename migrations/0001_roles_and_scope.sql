-- The role the application works under. It owns nothing, and row-level
-- security binds it. The connecting role (the owner) switches to it with
-- SET LOCAL ROLE at the head of every transaction, which also works through a
-- transaction pooler. Roles belong to the whole server, so several databases
-- may be set up at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'calibr_app') THEN
        CREATE ROLE calibr_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        BEGIN
            EXECUTE format('GRANT calibr_app TO %I', current_user);
        EXCEPTION
            -- Granted already: by another set-up at this moment, or by an
            -- administrator, who made the role beforehand.
            WHEN unique_violation OR insufficient_privilege THEN
                IF NOT pg_has_role(current_user, 'calibr_app', 'MEMBER') THEN
                    RAISE;
                END IF;
        END;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO calibr_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Whose rows a transaction may touch. Unset is NULL, and NULL matches no row.
CREATE FUNCTION calibr_project() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('calibr.project_id', true), '')::uuid;

CREATE FUNCTION calibr_user() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('calibr.user_id', true), '')::uuid;

-- Guards a tenant's table: called once for each, so that all are alike. The
-- table must have a column `project_id`.
CREATE PROCEDURE calibr_guard_tenant_table(guarded regclass)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format(
        'CREATE POLICY tenant ON %s TO calibr_app '
        'USING (project_id = (SELECT calibr_project())) '
        'WITH CHECK (project_id = (SELECT calibr_project()))',
        guarded
    );
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO calibr_app', guarded);
END
$$;
REVOKE EXECUTE ON PROCEDURE calibr_guard_tenant_table(regclass) FROM PUBLIC;
