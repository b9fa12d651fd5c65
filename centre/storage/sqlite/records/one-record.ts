// A batch of records taken apart, when one of them makes its commit fail.
import { colourOfUnreadable } from '../../../alarms/unreadable-alarm.ts'
import type { LaneBatch, QuarantineEntry } from '../../port.ts'

/** A record that can not be stored, as it goes to the quarantine. */
export function entryOf(
  { box, epoch, lane, ...batch }: LaneBatch,
  index: number,
): Omit<QuarantineEntry, 'cause'> {
  const body = batch.bodies[index] ?? ''
  const isAlarm = batch.alarms.some(({ sequence }) => sequence === batch.sequences[index])
  const colour = colourOfUnreadable(lane, isAlarm ? { type: 'alarm' } : undefined)
  return {
    box,
    topic: `${epoch}/${lane}/${batch.numbers[index]}`,
    payload: Buffer.from(body),
    ...(colour === undefined ? {} : { alarm: { colour, beginning: body } }),
  }
}

/** The batch with one of its records; none for an index below zero. */
export function onlyRecord(batch: LaneBatch, index: number): LaneBatch {
  const sequence = batch.sequences[index]
  const isIts = (record: { sequence: number }): boolean => record.sequence === sequence
  return {
    ...batch,
    numbers: index < 0 ? [] : batch.numbers.slice(index, index + 1),
    sequences: sequence === undefined ? [] : [sequence],
    bodies: index < 0 ? [] : batch.bodies.slice(index, index + 1),
    alarms: batch.alarms.filter(isIts),
    clocks: batch.clocks.filter(isIts),
    pictures: batch.pictures.filter(isIts),
    daily: (batch.daily ?? []).filter(isIts),
    origins: batch.origins.filter(isIts),
    skipped: [],
  }
}
