-- What is kept: public halves of the tenants' keys, and sealed objects in chunks. Rows are only ever added here too.
-- The application seals and lists; the reader alone fetches what is sealed, and what it takes to open it.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'earshot_reader') THEN
    RAISE EXCEPTION 'missing role: earshot_reader' USING ERRCODE = 'undefined_object';
  END IF;
END
$$;

GRANT USAGE ON SCHEMA earshot TO earshot_reader;

CREATE TABLE earshot.tenant_keys (
  tenant text COLLATE "C" NOT NULL CHECK (octet_length(tenant) BETWEEN 1 AND 63),
  version bigint NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
  -- By the reader's signing key: who can write here could otherwise have everything sealed to a key of his own.
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  -- The private half under a key derived from root-read, with what it is bound to.
  sealed_private bytea NOT NULL CHECK (octet_length(sealed_private) BETWEEN 64 AND 256),
  made_ms bigint NOT NULL,
  PRIMARY KEY (tenant, version)
);

CREATE TABLE earshot.sealed_objects (
  sealed text COLLATE "C" PRIMARY KEY CHECK (sealed ~ '^o_[0-9a-f]{32}$'),
  envelope integer NOT NULL CHECK (envelope >= 1),
  tenant text COLLATE "C" NOT NULL,
  call text COLLATE "C" NOT NULL CHECK (call ~ '^c_[0-9a-f]{32}$'),
  class text COLLATE "C" NOT NULL CHECK (octet_length(class) BETWEEN 1 AND 512),
  key_version bigint NOT NULL,
  wrap bytea NOT NULL CHECK (octet_length(wrap) BETWEEN 80 AND 1024),
  key_commit bytea NOT NULL CHECK (octet_length(key_commit) = 32),
  header bytea NOT NULL CHECK (octet_length(header) = 24),
  opened_ms bigint NOT NULL,
  keep_until_ms bigint NOT NULL,
  FOREIGN KEY (tenant, key_version) REFERENCES earshot.tenant_keys
);

CREATE INDEX sealed_objects_of_call ON earshot.sealed_objects (tenant, call);
CREATE INDEX sealed_objects_by_time ON earshot.sealed_objects (opened_ms, sealed);

CREATE TABLE earshot.sealed_chunks (
  sealed text COLLATE "C" NOT NULL REFERENCES earshot.sealed_objects,
  tenant text COLLATE "C" NOT NULL,
  n bigint NOT NULL CHECK (n BETWEEN 0 AND 9007199254740991),
  bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 17 AND 131072),
  is_final boolean NOT NULL,
  -- For lists: whoever may see how much there is may still not fetch it.
  size_bytes integer GENERATED ALWAYS AS (octet_length(bytes)) STORED,
  PRIMARY KEY (sealed, n)
);

ALTER TABLE earshot.tenant_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE earshot.sealed_objects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE earshot.sealed_chunks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- The application seals for every tenant, to public halves, and lists for those it names in the transaction. It is never
-- given a wrap, a chunk or the private half of a key.
CREATE POLICY app_finds ON earshot.tenant_keys FOR SELECT TO earshot_app USING (true);
CREATE POLICY app_adds ON earshot.sealed_objects FOR INSERT TO earshot_app WITH CHECK (true);
CREATE POLICY app_adds ON earshot.sealed_chunks FOR INSERT TO earshot_app WITH CHECK (true);
CREATE POLICY app_lists ON earshot.sealed_objects FOR SELECT TO earshot_app
  USING (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
CREATE POLICY app_lists ON earshot.sealed_chunks FOR SELECT TO earshot_app
  USING (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
GRANT SELECT (tenant, version, public_key, signature, made_ms) ON earshot.tenant_keys TO earshot_app;
GRANT INSERT ON earshot.sealed_objects TO earshot_app;
GRANT SELECT (sealed, envelope, tenant, call, class, key_version, opened_ms, keep_until_ms)
  ON earshot.sealed_objects TO earshot_app;
GRANT INSERT (sealed, tenant, n, bytes, is_final) ON earshot.sealed_chunks TO earshot_app;
GRANT SELECT (sealed, tenant, n, is_final, size_bytes) ON earshot.sealed_chunks TO earshot_app;

-- The reader sees the tenants it names in the transaction, makes keys, and adds nothing else.
CREATE POLICY reader_finds ON earshot.tenant_keys FOR SELECT TO earshot_reader
  USING (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
CREATE POLICY reader_adds ON earshot.tenant_keys FOR INSERT TO earshot_reader
  WITH CHECK (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
CREATE POLICY reader_fetches ON earshot.sealed_objects FOR SELECT TO earshot_reader
  USING (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
CREATE POLICY reader_fetches ON earshot.sealed_chunks FOR SELECT TO earshot_reader
  USING (tenant = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
GRANT SELECT, INSERT ON earshot.tenant_keys TO earshot_reader;
GRANT SELECT ON earshot.sealed_objects, earshot.sealed_chunks TO earshot_reader;

-- Of the ledger it reads what was recorded of sealed objects, to hold it against what is stored, and nothing more.
CREATE POLICY reader_compares ON earshot.entries FOR SELECT TO earshot_reader
  USING (
    kind IN ('retention.open', 'retention.close')
    AND log = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[])
  );
GRANT SELECT (log, kind, call, raw) ON earshot.entries TO earshot_reader;

-- It authenticates whoever asks by itself.
GRANT SELECT ON earshot.access_tokens, earshot.access_revocations TO earshot_reader;
