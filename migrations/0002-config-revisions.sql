-- Revisions of the declarative document. Immutable: a correction is a new revision.

CREATE TABLE earshot.config_revisions (
  revision bigint PRIMARY KEY CHECK (revision BETWEEN 1 AND 9007199254740991),
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  -- The bytes that were digested.
  document bytea NOT NULL CHECK (octet_length(document) BETWEEN 2 AND 4194304),
  author text NOT NULL,
  reason text NOT NULL,
  at_ms bigint NOT NULL
);

GRANT SELECT, INSERT ON earshot.config_revisions TO earshot_app;
