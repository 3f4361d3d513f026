-- What questions to the ledger need: what was decided and why, beside each entry; indexes to find it by; and readers that
-- may see several logs at once, each of them named.

ALTER TABLE earshot.entries
  ADD COLUMN allow boolean,
  ADD COLUMN entrypoint text,
  ADD COLUMN words text[],
  ADD COLUMN entities text[];

-- `projectEntry` in SQL, for the entries that are there already; the verifier compares. What is no entry stays without:
-- whoever put it there shall not keep the schema from moving on, and the verifier finds it by its bytes.
CREATE FUNCTION earshot.project_questions(
  raw bytea, OUT allow boolean, OUT entrypoint text, OUT words text[], OUT entities text[]
) LANGUAGE plpgsql
AS $$
DECLARE
  -- Stands for U+0000, which JSON may spell and no text in Postgres can hold. No entry contains its own digest.
  nul text := md5(raw);
  spelled text;
  entry jsonb;
  said text[];
  word text;
BEGIN
  spelled := convert_from(raw, 'UTF8');
  IF position('\u0000' IN spelled) > 0 THEN
    -- Not one whose backslash is itself escaped.
    spelled := regexp_replace(spelled, '(?<!\\)((?:\\\\)*)\\u0000', '\1' || nul, 'g');
  END IF;
  entry := spelled::jsonb;
  IF entry ? 'decision' THEN
    allow := (entry #>> '{decision,allow}')::boolean;
    entrypoint := entry #>> '{decision,entrypoint}';
    said := ARRAY[entry #>> '{decision,code}'];
    FOR n IN 0 .. jsonb_array_length(entry #> '{decision,rules}') - 1 LOOP
      said := said || (entry #>> ARRAY['decision', 'rules', n::text, 'rule'])
        || (entry #>> ARRAY['decision', 'rules', n::text, 'clause']);
    END LOOP;
  ELSE
    said := ARRAY[entry ->> CASE entry ->> 'kind'
      WHEN 'gap' THEN 'reason'
      WHEN 'lease.close' THEN 'reason'
      WHEN 'call.close' THEN 'reason'
      WHEN 'release.outcome' THEN 'outcome'
      WHEN 'read.done' THEN 'outcome'
      WHEN 'policy.invalid' THEN 'code'
      WHEN 'incident' THEN 'code'
    END];
  END IF;
  FOREACH word IN ARRAY said LOOP
    IF position(nul IN word) = 0 AND NOT coalesce(word = ANY (words), false) THEN
      words := words || word;
    END IF;
  END LOOP;
  IF entry -> 'entities' <> '{}' THEN
    -- As text, because jsonb keeps no order.
    SELECT array_agg(found.type ORDER BY found.n) INTO entities
    FROM json_each_text(spelled::json -> 'entities') WITH ORDINALITY AS found (type, count, n)
    WHERE found.count::numeric > 0 AND position(nul IN found.type) = 0;
  END IF;
EXCEPTION
  WHEN data_exception THEN
    SELECT NULL, NULL, NULL, NULL INTO allow, entrypoint, words, entities;
END
$$;

-- Row security is forced on the owner too, so it is lifted for the length of this transaction.
ALTER TABLE earshot.entries NO FORCE ROW LEVEL SECURITY;

UPDATE earshot.entries AS stored
SET (allow, entrypoint, words, entities) = (
  SELECT said.allow, said.entrypoint, said.words, said.entities FROM earshot.project_questions(stored.raw) AS said
)
WHERE stored.kind IN (
  'lease.open', 'lease.close', 'refusal', 'release.request', 'release.outcome', 'emit', 'gap', 'call.close',
  'read.done', 'policy.invalid', 'incident'
);

ALTER TABLE earshot.entries FORCE ROW LEVEL SECURITY;
DROP FUNCTION earshot.project_questions(bytea);

-- A page of one log is read off an index in the order of time; several logs are merged page by page.
CREATE INDEX entries_by_time ON earshot.entries (log, at_ms);
CREATE INDEX entries_by_kind ON earshot.entries (log, kind, at_ms);
CREATE INDEX entries_by_processor ON earshot.entries (log, processor, at_ms) WHERE processor IS NOT NULL;
CREATE INDEX entries_denied ON earshot.entries (log, at_ms) WHERE NOT allow;
DROP INDEX earshot.entries_of_call;
CREATE INDEX entries_of_call ON earshot.entries (log, call, at_ms) WHERE call IS NOT NULL;
ANALYZE earshot.entries;

-- Readers see the logs named anew in every transaction, separated by commas, which no name contains; without a name they
-- see nothing, and `system` is named like any other. The names of all chains are part of the system log (its heartbeats
-- list them), so whoever reads that log may list them here too. The list is made once per statement, not per row.
DROP POLICY reader_sees_its_log ON earshot.entries;
DROP POLICY reader_sees_its_log ON earshot.chains;
CREATE POLICY reader_sees_named_logs ON earshot.entries FOR SELECT TO earshot_query
  USING (log = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[]));
CREATE POLICY reader_sees_named_logs ON earshot.chains FOR SELECT TO earshot_query
  USING (
    log = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[])
    OR 'system' = ANY ((SELECT string_to_array(current_setting('earshot.logs', true), ','))::text[])
  );
