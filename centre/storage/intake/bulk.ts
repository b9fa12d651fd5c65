// What may wait for an alarm: a batch of the lanes below orange. Over PostgreSQL one transaction of the town runs at a time, and bulk lets
// urgent ones go first.
import type { IntakeBatch } from './intake-port.ts'

export const isBulk = ({ lanes, quarantined }: Pick<IntakeBatch, 'lanes' | 'quarantined'>): boolean =>
  lanes.every(({ lane }) => lane !== 'red' && lane !== 'orange') &&
  quarantined.every(({ alarm }) => alarm === undefined)
