// The disk space of each box's records: one of the migrations.

/** Records stored by an older version are counted once, here. */
export const storedBytesMigration = `
ALTER TABLE epochs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE epochs SET bytes = coalesce((SELECT sum(length(body) + 100) FROM records WHERE epoch = number), 0);
CREATE TRIGGER records_deleted AFTER DELETE ON records
BEGIN UPDATE epochs SET bytes = max(0, bytes - length(old.body) - 100) WHERE number = old.epoch; END;
`
