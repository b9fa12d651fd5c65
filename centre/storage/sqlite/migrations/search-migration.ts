// Daily reports of villages, and what alarms and cases are searched by: one of the migrations.

export const searchMigration = `
-- body is the JSON of a DailyEntry; one a box and day, the first that came.
CREATE TABLE daily_reports (
  day TEXT NOT NULL,
  box TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (day, box)
) STRICT, WITHOUT ROWID;

-- Every village that an alarm of the case is of, divided by spaces: all of them see it.
ALTER TABLE cases ADD COLUMN villages TEXT NOT NULL DEFAULT '';
UPDATE cases SET villages = village;
CREATE INDEX cases_by_time ON cases (opened_at_ms, number);

ALTER TABLE alarms ADD COLUMN received_at_ms INTEGER NOT NULL DEFAULT 0;
UPDATE alarms SET received_at_ms = coalesce(json_extract(row, '$.receivedAtMs'), 0) WHERE json_valid(row);
CREATE INDEX alarms_by_time ON alarms (received_at_ms, arrival);

-- rowid is the arrival of an alarm, the number of a case; text is made of words and pairs of Chinese characters (search-terms.ts).
CREATE VIRTUAL TABLE alarm_search USING fts5 (text, village, kind, detail = full);
CREATE VIRTUAL TABLE case_search USING fts5 (text, village, kind, detail = full);
`
