// Does the box know after a restart what it knew before, wherever a checkpoint broke off, and is nothing acknowledged that
// stands nowhere?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { devicesPerStep } from '../../gateway/intake/checkpoint.ts'
import { JournalError, type Journal } from '../../gateway/journal/port.ts'
import { message, openBox, stored, type Box } from '../faults/box-without-broker.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-intake-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const devices = Array.from({ length: devicesPerStep + 8 }, (_, i) => `level-${i}`)

/** Levels, because a sample that is judged twice shows: the track of a gauge has each once. */
async function report(box: Box, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++)
    await Promise.all(
      devices.map((device) => box.intake.accept(message(device, `1-${n}`, { waterLevelMm: 100 + n }))),
    )
}

const tracks = ({ intake }: Box): unknown[] =>
  devices.map((device) => intake.documents().get(`device:${device}`))

/** The journal as it is for somebody who is cut off after so many steps of a checkpoint. */
const cutAfter =
  (steps: number) =>
  (real: Journal): Journal => {
    let left = steps
    return new Proxy(real, {
      get: (target, name) => {
        if (name !== 'append') {
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        }
        return (entry: Parameters<Journal['append']>[0]) =>
          entry.records.length === 0 && left-- <= 0
            ? Promise.reject(new JournalError('CUT', 'the power is gone'))
            : target.append(entry)
      },
    })
  }

describe('a checkpoint', () => {
  it.each([0, 1, 2, 3])(
    'cut off after %i steps leaves a box that knows each device and message once',
    async (steps) => {
      const first = await openBox(folder)
      await report(first, 1, 3)
      await first.intake.stop()
      await first.journal.close()
      const second = await openBox(folder, { journal: cutAfter(steps) })
      await report(second, 4, 6)
      const known = tracks(second)
      const [stopped] = await Promise.allSettled([second.intake.stop()])
      expect(stopped.status).toBe(steps < 3 ? 'rejected' : 'fulfilled')
      await second.journal.close()

      const third = await openBox(folder)
      expect(tracks(third)).toEqual(known)
      await report(third, 1, 6)
      expect(tracks(third)).toEqual(known)
      expect(await stored(third.journal, 'routine')).toHaveLength(devices.length * 6)
      await third.journal.close()
    },
  )
})

describe('an event that the alarm engine fails on', () => {
  it('is in quarantine when it is acknowledged, also when it comes again, and others go on', async () => {
    const box = await openBox(folder, {
      engine: (real) => ({
        ...real,
        judge: (memory, input, now) => {
          if (input.type === 'event' && input.event.device === 'odd-1') throw new Error('a fault of ours')
          return real.judge(memory, input, now)
        },
      }),
    })
    await box.intake.accept(message('odd-1', '1-1', { contact: 'open' }))
    await box.intake.accept(message('odd-1', '1-1', { contact: 'open' }))
    await box.intake.accept(message('door-1', '1-1', { contact: 'open' }))
    const [row, ...more] = await box.journal.readQuarantine(10)
    expect(more).toEqual([])
    expect(row).toMatchObject({ device: 'odd-1', problem: 'the alarm engine failed: a fault of ours' })
    expect(JSON.parse(Buffer.from(row?.payload ?? []).toString())).toEqual({ id: '1-1', contact: 'open' })
    expect(await stored(box.journal, 'routine')).toMatchObject([{ device: 'door-1' }])
    await box.journal.close()
  })
})
