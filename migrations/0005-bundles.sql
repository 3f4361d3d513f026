-- Policy bundles, each under the SHA-256 of its bytes. Immutable: another policy is another bundle.

CREATE TABLE earshot.bundles (
  sha256 text PRIMARY KEY,
  bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 2097152),
  delivered_by text NOT NULL,
  at_ms bigint NOT NULL,
  CHECK (sha256 = encode(pg_catalog.sha256(bytes), 'hex'))
);

GRANT SELECT, INSERT ON earshot.bundles TO earshot_app;

-- A document of ten thousand tenants, written out with every default.
ALTER TABLE earshot.config_revisions
  DROP CONSTRAINT config_revisions_document_check,
  ADD CONSTRAINT config_revisions_document_check CHECK (octet_length(document) BETWEEN 2 AND 16777216);
