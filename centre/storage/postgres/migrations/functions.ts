// Functions, triggers and the search index: what the statements of storage's parts use beside tables.

export const functionsAndTriggers = `
CREATE FUNCTION iif(boolean, anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE
  AS 'SELECT CASE WHEN $1 THEN $2 ELSE $3 END';

CREATE FUNCTION add_to_total(numeric, bigint) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS 'SELECT $1 + coalesce($2, 0)';
-- As sum(), and 0 where there is no row.
CREATE AGGREGATE total(bigint) (SFUNC = add_to_total, STYPE = numeric, INITCOND = '0');

-- NULL where a document is damaged: one bad row must not end the whole query.
CREATE FUNCTION parsed(document text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN document::jsonb;
EXCEPTION WHEN others THEN
  RETURN NULL;
END $$;
CREATE FUNCTION json_valid(document text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT parsed($1) IS NOT NULL';
-- A path as in $.alarm.device.
CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT parsed($1) #>> string_to_array(substr($2, 3), '.') $$;
CREATE FUNCTION each_value(list text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE ROWS 100
  AS 'SELECT jsonb_array_elements_text(parsed($1))';

CREATE FUNCTION village_of(place text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT coalesce(substring($1 from '^(\\d{12})-\\d+$'), $1) $$;
CREATE FUNCTION in_place(village text, entry text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT $1 = $2 OR ($2 ~ '^(\\d{2}|\\d{4}|\\d{6}|\\d{9})$' AND $1 ~ '^(\\d{9}|\\d{12})$' AND starts_with($1, $2))
$$;
-- The same rule as isInScope of protocols/desk/scope.ts: a code covers what begins with it, a name itself and its boxes.
CREATE FUNCTION in_scope(places text, scope text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(bool_or(in_place(village_of(place), entry)), false)
  FROM unnest(string_to_array($1, ' ')) place, each_value($2) AS entries (entry)
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER keeps_what_is_written BEFORE UPDATE OR DELETE ON trail FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keeps_what_is_written BEFORE UPDATE OR DELETE ON audit_chain FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keeps_what_is_written BEFORE UPDATE ON looks FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keeps_what_is_written BEFORE UPDATE ON case_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION drop_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM case_facts WHERE number = old.number;
  RETURN NULL;
END $$;
CREATE TRIGGER facts_go_with_their_case AFTER DELETE ON cases FOR EACH ROW EXECUTE FUNCTION drop_facts();

-- For a whole statement at once: retention deletes thousands.
CREATE FUNCTION subtract_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE epochs e SET bytes = greatest(0, e.bytes - g.bytes)
  FROM (SELECT epoch, sum(length(body) + 100) AS bytes FROM gone GROUP BY epoch) g WHERE e.number = g.epoch;
  RETURN NULL;
END $$;
CREATE TRIGGER bytes_go_with_records AFTER DELETE ON records REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION subtract_bytes();

-- Terms with a letter for their column, so that one index finds words, places and kinds; phrases are then compared in the columns.
CREATE FUNCTION search_terms(words text, villages text, kinds text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
  SELECT array_to_tsvector(array(
    SELECT DISTINCT term FROM (
      SELECT 't' || t AS term, t FROM unnest(string_to_array($1, ' ')) t
      UNION ALL SELECT 'v' || t, t FROM unnest(string_to_array($2, ' ')) t
      UNION ALL SELECT 'k' || t, t FROM unnest(string_to_array($3, ' ')) t) all_terms
    WHERE t <> ''))
$$;
CREATE TABLE alarm_search (
  rowid BIGINT PRIMARY KEY,
  text TEXT NOT NULL,
  village TEXT NOT NULL,
  kind TEXT NOT NULL,
  terms tsvector GENERATED ALWAYS AS (search_terms(text, village, kind)) STORED
);
CREATE INDEX alarm_search_terms ON alarm_search USING gin (terms);
CREATE TABLE case_search (
  rowid BIGINT PRIMARY KEY,
  text TEXT NOT NULL,
  village TEXT NOT NULL,
  kind TEXT NOT NULL,
  terms tsvector GENERATED ALWAYS AS (search_terms(text, village, kind)) STORED
);
CREATE INDEX case_search_terms ON case_search USING gin (terms);
`
