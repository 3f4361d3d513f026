-- Roles of Earshot, made once by an administrator before the first migration; the embedded Postgres runs this file too.
-- Each role is given LOGIN and a password afterwards, or is granted to a login role of your own. None of them may ever
-- be superuser or BYPASSRLS: Earshot refuses to start with such a runtime role. Then create the database:
--   CREATE DATABASE earshot OWNER earshot_owner;
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'earshot_owner', 'earshot_writer', 'earshot_query', 'earshot_app', 'earshot_reader', 'earshot_sequencer',
    'earshot_retention'
  ] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', role_name);
    END IF;
  END LOOP;
END
$$;
