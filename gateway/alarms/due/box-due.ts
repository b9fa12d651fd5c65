// Due times of the whole box: the end of a bypass, of maintenance, of a box fact's delay, of a local rule.
import type { BoxDocument } from '../documents.ts'

export function endsOfBox(box: BoxDocument): number {
  let dueMs = box.maintenance?.untilMs ?? Infinity
  for (const device in box.bypasses) dueMs = Math.min(dueMs, box.bypasses[device]?.untilMs ?? Infinity)
  for (const fact in box.waiting) dueMs = Math.min(dueMs, box.waiting[fact]?.dueMs ?? Infinity)
  for (const rule in box.acting) dueMs = Math.min(dueMs, box.acting[rule]?.untilMs ?? Infinity)
  return dueMs
}
