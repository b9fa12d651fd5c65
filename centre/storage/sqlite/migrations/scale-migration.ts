// Indexes of a town with years behind it: no list and no alarm reads all of a table. One of the migrations.

export const scaleMigration = `
-- The open alarms of a box in the order of a page; counts of a village are read from the index alone.
DROP INDEX alarms_of_box;
CREATE INDEX alarms_of_box ON alarms (box, is_active, colour_rank, arrival DESC);
-- Few among all: each raised alarm asks for the calls that its box could not store, each ended session for a red one.
CREATE INDEX alarms_unkept ON alarms (box, kind) WHERE is_active = 1 AND instr(row, '"isKept":false') > 0;
CREATE INDEX alarms_red ON alarms (arrival)
  WHERE is_active = 1 AND (colour_rank = 0 OR instr(row, '"latchedColour":"red"') > 0);
-- The centre's own entries are the most, and need no index.
CREATE INDEX trail_of_person ON trail (who, position) WHERE who <> 'centre';
CREATE INDEX looks_of_box ON looks (box, position);
-- What the figures need of a case, a narrow row beside its document: a month of a town is read in some milliseconds.
CREATE TABLE case_facts (
  number INTEGER PRIMARY KEY,
  village TEXT NOT NULL,
  colour_rank INTEGER NOT NULL,
  is_drill INTEGER NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  outcome TEXT,
  reopened INTEGER NOT NULL,
  supervisor_calls INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER,
  reported INTEGER,
  dispatched INTEGER,
  feedback INTEGER,
  verified INTEGER,
  archived INTEGER
) STRICT;
CREATE INDEX case_facts_of_village ON case_facts (village, opened_at_ms);
CREATE TRIGGER case_facts_go_with_their_case AFTER DELETE ON cases
BEGIN DELETE FROM case_facts WHERE number = old.number; END;
INSERT INTO case_facts
  SELECT number, village, colour_rank, is_drill, opened_at_ms, json_extract(body, '$.feedback.outcome'),
    coalesce(cast(json_extract(body, '$.reopened') AS INTEGER), 0),
    (SELECT count(*) FROM case_events e WHERE e.number = c.number AND what = 'supervisor-called'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'accepted'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'reported'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'dispatched'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'feedback'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'verified'),
    (SELECT min(at_ms) FROM case_events e WHERE e.number = c.number AND what = 'archived')
  FROM cases c WHERE json_valid(body);
ALTER TABLE alarms ADD COLUMN device TEXT;
ALTER TABLE alarms ADD COLUMN zone TEXT;
ALTER TABLE alarms ADD COLUMN occurrences INTEGER;
ALTER TABLE alarms ADD COLUMN changed_at_ms INTEGER;
ALTER TABLE alarms ADD COLUMN is_drill INTEGER NOT NULL DEFAULT 0;
UPDATE alarms SET device = json_extract(row, '$.alarm.device'), zone = json_extract(row, '$.alarm.zone'),
  occurrences = cast(json_extract(row, '$.alarm.occurrences') AS INTEGER), changed_at_ms = cast(json_extract(row, '$.changedAtMs') AS INTEGER),
  is_drill = coalesce(json_extract(row, '$.alarm.isDrill'), 0) = 1 WHERE json_valid(row);
-- Centres of towns were not found by the codes above them, and cases not by the places of their alarms: they are entered
-- again after the next start.
DELETE FROM alarm_search WHERE rowid IN (SELECT arrival FROM alarms WHERE length(box) = 9 AND box NOT GLOB '*[^0-9]*');
DELETE FROM case_search WHERE rowid IN (SELECT number FROM cases WHERE length(village) = 9 OR instr(villages, ' ') > 0 OR is_over = 0);
`
