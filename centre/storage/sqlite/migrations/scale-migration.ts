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
-- Centres of towns were not found by the codes above them, and cases not by the places of their alarms: they are entered
-- again at the next start.
DELETE FROM alarm_search WHERE rowid IN (SELECT arrival FROM alarms WHERE substr(box, 1, 10) GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-');
DELETE FROM case_search WHERE rowid IN (SELECT number FROM cases WHERE length(village) = 9 OR instr(villages, ' ') > 0 OR is_over = 0);
`
