// The disk space of each box's records: one of the migrations.

/**
 * Records stored by an older version, all up to `until`, are counted after the start in batches: counting a large file here
 * would take minutes, in which no box could report.
 */
export const storedBytesMigration = `
ALTER TABLE epochs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE TABLE uncounted_records (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  counted_to INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
INSERT INTO uncounted_records SELECT 1, 0, max(position) FROM records HAVING max(position) IS NOT NULL;
CREATE TRIGGER records_deleted AFTER DELETE ON records
WHEN NOT EXISTS (SELECT 1 FROM uncounted_records WHERE old.position > counted_to AND old.position <= until)
BEGIN UPDATE epochs SET bytes = max(0, bytes - length(old.body) - 100) WHERE number = old.epoch; END;
`
