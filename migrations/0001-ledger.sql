-- The ledger: entries in chains, partitioned by the month of their epoch. Rows are only ever added; no runtime role
-- holds UPDATE, DELETE or TRUNCATE on any table of this file.

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted, ', ') INTO missing
  FROM unnest(ARRAY['earshot_writer', 'earshot_query', 'earshot_app', 'earshot_sequencer', 'earshot_retention']) AS wanted
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'missing roles: %', missing USING ERRCODE = 'undefined_object';
  END IF;
END
$$;

REVOKE ALL ON SCHEMA earshot FROM PUBLIC;
GRANT USAGE ON SCHEMA earshot
  TO earshot_writer, earshot_query, earshot_app, earshot_sequencer, earshot_retention;

CREATE TABLE earshot.entries (
  month integer NOT NULL,
  log text COLLATE "C" NOT NULL CHECK (octet_length(log) BETWEEN 1 AND 512),
  node text COLLATE "C" NOT NULL CHECK (octet_length(node) BETWEEN 1 AND 512),
  epoch text COLLATE "C" NOT NULL CHECK (octet_length(epoch) BETWEEN 1 AND 64),
  seq bigint NOT NULL CHECK (seq BETWEEN 0 AND 9007199254740991),
  prev bytea NOT NULL CHECK (octet_length(prev) = 32),
  leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
  -- Canonical JSON, exactly the bytes that were hashed.
  raw bytea NOT NULL CHECK (octet_length(raw) BETWEEN 2 AND 4096),
  -- Projections of `raw`.
  kind text NOT NULL,
  at_ms bigint NOT NULL,
  call text,
  stream text,
  processor text,
  lease text,
  release text,
  from_ms bigint,
  through_ms bigint,
  captured_through_ms bigint,
  max_bytes bigint,
  voided_seq bigint,
  PRIMARY KEY (month, log, node, epoch, seq)
) PARTITION BY LIST (month);

CREATE INDEX entries_of_call ON earshot.entries (log, call) WHERE call IS NOT NULL;
CREATE INDEX entries_of_lease ON earshot.entries (node, epoch, lease) WHERE lease IS NOT NULL;
CREATE INDEX entries_of_void ON earshot.entries (node, epoch, voided_seq) WHERE voided_seq IS NOT NULL;

-- One life of a chain writer. Fencing rests on these two: an append locks (node, epoch) shared and looks for an end,
-- ending locks it exclusively.
CREATE TABLE earshot.epochs (
  node text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL UNIQUE,
  month integer NOT NULL,
  opened_ms bigint NOT NULL,
  -- The order in which epochs were opened, whatever the clocks said; a node opens one at a time.
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (node, epoch)
);

CREATE TABLE earshot.epoch_ends (
  node text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  how text NOT NULL CHECK (how IN ('closed', 'abandoned')),
  at_ms bigint NOT NULL,
  PRIMARY KEY (node, epoch),
  FOREIGN KEY (node, epoch) REFERENCES earshot.epochs
);

CREATE TABLE earshot.epoch_accounts (
  node text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  by_epoch text COLLATE "C" NOT NULL,
  PRIMARY KEY (node, epoch),
  FOREIGN KEY (node, epoch) REFERENCES earshot.epochs
);

-- Which chains there are, so that nothing has to search the entries for their names.
CREATE TABLE earshot.chains (
  log text COLLATE "C" NOT NULL,
  node text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  month integer NOT NULL,
  PRIMARY KEY (log, node, epoch),
  FOREIGN KEY (node, epoch) REFERENCES earshot.epochs
);

CREATE INDEX chains_of_epoch ON earshot.chains (node, epoch);

ALTER TABLE earshot.entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE earshot.chains ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- The writer serves every tenant. It can find places and open leases again, but never read what was recorded.
CREATE POLICY writer_adds ON earshot.entries FOR INSERT TO earshot_writer WITH CHECK (true);
CREATE POLICY writer_finds ON earshot.entries FOR SELECT TO earshot_writer USING (true);
CREATE POLICY writer_adds ON earshot.chains FOR INSERT TO earshot_writer WITH CHECK (true);
CREATE POLICY writer_finds ON earshot.chains FOR SELECT TO earshot_writer USING (true);
GRANT INSERT ON earshot.entries, earshot.chains, earshot.epochs, earshot.epoch_ends, earshot.epoch_accounts
  TO earshot_writer;
GRANT SELECT ON earshot.chains, earshot.epochs, earshot.epoch_ends, earshot.epoch_accounts TO earshot_writer;
GRANT SELECT (month, log, node, epoch, seq, leaf, kind, call, stream, processor, lease,
              from_ms, through_ms, captured_through_ms, max_bytes, voided_seq)
  ON earshot.entries TO earshot_writer;

-- Readers see one log, named anew in every transaction; without a name they see nothing. The names of all chains are
-- part of the system log (its heartbeats list them), so whoever reads that log may list them here too.
CREATE POLICY reader_sees_its_log ON earshot.entries FOR SELECT TO earshot_query
  USING (log = current_setting('earshot.log', true));
CREATE POLICY reader_sees_its_log ON earshot.chains FOR SELECT TO earshot_query
  USING (current_setting('earshot.log', true) IN (log, 'system'));
GRANT SELECT ON earshot.entries, earshot.chains, earshot.epochs, earshot.epoch_ends TO earshot_query;

-- The sequencer orders leaves it cannot read.
CREATE POLICY sequencer_finds ON earshot.entries FOR SELECT TO earshot_sequencer USING (true);
CREATE POLICY sequencer_finds ON earshot.chains FOR SELECT TO earshot_sequencer USING (true);
GRANT SELECT (month, log, node, epoch, seq, leaf) ON earshot.entries TO earshot_sequencer;
GRANT SELECT ON earshot.chains, earshot.epochs, earshot.epoch_ends TO earshot_sequencer;

-- Makes the partition of a month. Called by the migrations and by a writer that lives past the months made ahead; it
-- runs as the owner, so it takes nothing but a month between the last one and the next two.
CREATE FUNCTION earshot.ensure_month(wanted integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  partition_name text := 'entries_' || wanted::text;
BEGIN
  IF wanted NOT IN (
    SELECT to_char(today + make_interval(months => ahead), 'YYYYMM')::integer FROM generate_series(-1, 2) AS ahead
  ) THEN
    RAISE EXCEPTION 'month out of range' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF to_regclass('earshot.' || partition_name) IS NOT NULL THEN
    RETURN;
  END IF;
  -- Two callers at once: the second waits here and then finds it made.
  PERFORM pg_advisory_xact_lock(hashtextextended('earshot.ensure_month', 0));
  IF to_regclass('earshot.' || partition_name) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE earshot.%I PARTITION OF earshot.entries FOR VALUES IN (%s)', partition_name, wanted);
  -- Nobody reads or writes a partition by its own name.
  EXECUTE format('ALTER TABLE earshot.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition_name);
END
$$;

REVOKE ALL ON FUNCTION earshot.ensure_month(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION earshot.ensure_month(integer) TO earshot_writer;
