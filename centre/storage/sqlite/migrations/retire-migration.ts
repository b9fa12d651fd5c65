// Boxes that are removed for good: one of the migrations.

export const retireMigration = `
ALTER TABLE boxes ADD COLUMN retired_at_ms INTEGER;
`
