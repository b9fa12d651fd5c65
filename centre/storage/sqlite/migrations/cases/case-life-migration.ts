// In whose hands cases are, which were handled before, and the hand-overs of shifts: one of the migrations.

export const caseLifeMigration = `
ALTER TABLE cases ADD COLUMN claimed_by TEXT;
-- Household or device, and kind: by it a new case finds how the last one ended.
ALTER TABLE cases ADD COLUMN place TEXT;
ALTER TABLE cases ADD COLUMN handed_to TEXT;
ALTER TABLE cases ADD COLUMN is_drill INTEGER NOT NULL DEFAULT 0;
CREATE INDEX cases_of_claimer ON cases (claimed_by) WHERE claimed_by IS NOT NULL AND is_over = 0;
CREATE INDEX cases_of_place ON cases (place, number DESC) WHERE place IS NOT NULL;
CREATE INDEX cases_in_own_hands ON cases (number) WHERE is_over = 0 AND handed_to IS NULL AND is_drill = 0;
CREATE INDEX cases_handed ON cases (handed_to) WHERE handed_to IS NOT NULL AND is_over = 0;
CREATE INDEX sessions_of_user ON tokens (user) WHERE is_program = 0;

-- One person offers, the other one signs: body is the JSON of a Shift.
CREATE TABLE shifts (
  number INTEGER PRIMARY KEY,
  body TEXT NOT NULL
) STRICT;
`
