// Question: with the link down and the disk full for an hour's traffic of a village, do alarms still flow, is every
// acknowledged record kept that must be kept, and does the box recover by itself?
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { message, openBox, stored, type Box } from './box-without-broker.ts'
import { createSmallDisk, type SmallDisk } from './small-disk.ts'

let disk: SmallDisk
beforeEach(() => {
  disk = createSmallDisk(16)
})
afterEach(() => disk.remove())

/** Sends until it is stored, as a device does; gives up after `triesMax`. */
async function send(box: Box, event: ReturnType<typeof message>, triesMax = 40): Promise<boolean> {
  for (let tries = 0; tries < triesMax; tries++)
    try {
      await box.intake.accept(event)
      return true
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  return false
}

const idsOf = (records: JournalRecord[]): Set<string> =>
  new Set(
    records.flatMap((record) => (record.type === 'event' ? [`${record.device} ${record.messageId}`] : [])),
  )

/** Ids of the presses: further repeats of a button leave by the blue lane, of which nothing is deleted either. */
const pressesOf = async (box: Box): Promise<Set<string>> =>
  new Set([...idsOf(await stored(box.journal, 'red')), ...idsOf(await stored(box.journal, 'blue'))])

/** An hour of 500 devices with a report a minute is 30,000 events; the disk holds about a third of them. */
async function hourOfTraffic(box: Box): Promise<{ routine: string[]; red: string[] }> {
  const kept: { routine: string[]; red: string[] } = { routine: [], red: [] }
  for (let round = 1; round <= 120; round++) {
    const sent = Array.from({ length: 250 }, async (_, at) => {
      const device = `door-${at}`
      const event = message(device, `1-${round}`, {
        contact: 'closed',
        batteryPercent: 90,
        note: 'x'.repeat(300),
      })
      if (await send(box, event)) kept.routine.push(`${device} 1-${round}`)
    })
    const button = `button-${round % 7}`
    const red = send(box, message(button, `1-${round}`, { button: 'pressed' })).then((isKept) => {
      if (isKept) kept.red.push(`${button} 1-${round}`)
    })
    await Promise.all([...sent, red])
  }
  return kept
}

function fillDisk(folder: string): string {
  const file = join(folder, 'somebody-else.bin')
  const descriptor = openSync(file, 'w')
  const block = Buffer.alloc(16 * 1024, 1)
  try {
    for (;;) writeSync(descriptor, block)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
  }
  try {
    for (;;) writeSync(descriptor, block, 0, 512)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
  }
  fsyncSync(descriptor)
  closeSync(descriptor)
  return file
}

describe('a box whose disk is full', () => {
  it(
    'keeps every alarm of an hour, deletes routine in order and counted, and continues',
    { timeout: 120_000 },
    async () => {
      const box = await openBox(disk.folder)
      const kept = await hourOfTraffic(box)
      expect(kept.red).toHaveLength(120)
      expect(kept.routine.length).toBe(30_000)
      const red = await pressesOf(box)
      expect(kept.red.filter((id) => !red.has(id))).toEqual([])
      // The box keeps making room while the test reads: the number of deleted records is between the two counts.
      const droppedBefore = box.journal.facts().space.dropped
      const routine = idsOf(await stored(box.journal, 'routine'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const { dropped } = box.journal.facts().space
      expect(dropped).toBeGreaterThan(5000)
      const missing = kept.routine.filter((id) => !routine.has(id)).length
      expect(missing).toBeGreaterThanOrEqual(droppedBefore)
      expect(missing).toBeLessThanOrEqual(dropped)
      // The newest are never thinned.
      for (let at = 0; at < 250; at++) expect(routine.has(`door-${at} 1-120`)).toBe(true)
      expect(box.states).toContain('filling')
      expect(box.states).toContain('dropping')
      await box.journal.close()
      const again = await openBox(disk.folder)
      expect((await pressesOf(again)).size).toBe(red.size)
      // Repeats are recognised although their records were deleted, also those after the last checkpoint.
      const { last } = again.journal.positions().routine
      const readings = { contact: 'closed', batteryPercent: 90, note: 'x'.repeat(300) }
      for (let round = 1; round <= 120; round++)
        expect(await send(again, message('door-0', `1-${round}`, readings))).toBe(true)
      expect(again.journal.positions().routine.last).toBe(last)
      await again.journal.close()
    },
  )

  it(
    'keeps alarms in the reserve when another program fills the disk, and recovers without a restart',
    { timeout: 60_000 },
    async () => {
      const box = await openBox(disk.folder)
      for (let at = 1; at <= 200; at++) await send(box, message('door-1', `1-${at}`, { contact: 'closed' }))
      const foreign = fillDisk(disk.folder)
      for (let at = 1; at <= 200; at++)
        expect(await send(box, message('button-1', `1-${at}`, { button: 'pressed' }))).toBe(true)
      // Plain telemetry waits at its device while only the reserve is left.
      fillDisk(disk.folder)
      rmSync(foreign)
      expect(await send(box, message('door-2', '1-1', { batteryPercent: 50 }))).toBe(true)
      const red = await pressesOf(box)
      expect(red.size).toBe(200)
      expect(box.states).toContain('dropping')
      rmSync(join(disk.folder, 'somebody-else.bin'), { force: true })
      await new Promise((resolve) => setTimeout(resolve, 2500))
      expect(box.journal.facts().space.state).toBe('sound')
      await box.journal.close()
    },
  )
})
