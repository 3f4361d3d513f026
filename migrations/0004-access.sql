-- Who may ask: tokens and their ends before their time. Rows are only ever added, and no secret is in them. The checks
-- say again what the code says, because whoever can write these rows can let himself in.

CREATE TABLE earshot.access_tokens (
  token text COLLATE "C" PRIMARY KEY CHECK (token ~ '^k_[0-9a-f]{32}$'),
  -- SHA-256 of the 32 secret bytes.
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  holder text NOT NULL CHECK (holder ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
  roles text[] NOT NULL CHECK (
    cardinality(roles) BETWEEN 1 AND 4
    AND array_position(roles, NULL) IS NULL
    AND roles <@ ARRAY['admin', 'security', 'auditor', 'ops']
    -- Whoever gives roles reads nothing.
    AND (NOT 'admin' = ANY (roles) OR roles = ARRAY['admin'])
  ),
  -- Null: every tenant. A list names at least one, so that an empty one is never taken for all.
  tenants text[] CHECK (cardinality(tenants) BETWEEN 1 AND 64 AND array_position(tenants, NULL) IS NULL),
  issued_by text NOT NULL CHECK (issued_by ~ '^(k_[0-9a-f]{32}|local)$' AND issued_by <> token),
  issued_ms bigint NOT NULL CHECK (issued_ms BETWEEN 0 AND 9007199254740991),
  -- Nothing lives longer than a year.
  expires_ms bigint NOT NULL CHECK (expires_ms > issued_ms AND expires_ms <= issued_ms + 366::bigint * 86400000)
);

-- The first token of all is made without one. There is one such token in the life of a database, whoever asks where.
CREATE UNIQUE INDEX access_tokens_one_bootstrap ON earshot.access_tokens (issued_by) WHERE issued_by = 'local';

-- The order in which they are listed.
CREATE INDEX access_tokens_newest ON earshot.access_tokens (issued_ms DESC, token DESC);

CREATE TABLE earshot.access_revocations (
  token text COLLATE "C" PRIMARY KEY REFERENCES earshot.access_tokens,
  revoked_by text NOT NULL CHECK (revoked_by ~ '^(k_[0-9a-f]{32}|local|node)$'),
  at_ms bigint NOT NULL CHECK (at_ms BETWEEN 0 AND 9007199254740991)
);

GRANT SELECT, INSERT ON earshot.access_tokens, earshot.access_revocations TO earshot_app;
