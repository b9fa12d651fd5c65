// Does the box know after a restart what it knew before, wherever a checkpoint broke off, and is every acknowledged
// message stored?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { devicesPerStep } from '../../gateway/intake/checkpoint.ts'
import { JournalError, type Journal } from '../../gateway/journal/port.ts'
import { message, openBox, stored, type Box } from '../faults/box-without-broker.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-intake-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const devices = Array.from({ length: devicesPerStep + 8 }, (_, i) => `level-${i}`)

/** Levels, because a sample judged twice is visible: the track of a gauge contains each once. */
async function report(box: Box, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++)
    await Promise.all(
      devices.map((device) => box.intake.accept(message(device, `1-${n}`, { waterLevelMm: 100 + n }))),
    )
}

const tracks = ({ intake }: Box): unknown[] =>
  devices.map((device) => intake.documents().get(`device:${device}`))

/** The journal of a box whose power fails after this many steps of a checkpoint. */
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

describe('messages of a device', () => {
  it('that came again and that could not be read are counted for it', async () => {
    const { intake, journal } = await openBox(folder)
    const level = message('level-1', '1-1', { waterLevelMm: 100 })
    for (const one of [
      level,
      level,
      level,
      { ...level, payload: Buffer.from('{"id":') },
      { ...level, device: 'level-2' },
    ])
      await intake.accept(one).catch(() => undefined)
    expect(intake.counts.of('level-1')).toEqual({ repeats: 2, refused: 1 })
    await journal.close()
  })
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

/** The journal, which refuses entries by `refused` and delays all others until `release`. */
function refusing(real: Journal, refused: string): { journal: Journal; release: () => void } {
  let tell: (error: JournalError) => void = () => undefined
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const own: Partial<Journal> = {
    onRefused: (listener) => {
      tell = listener
      return () => undefined
    },
    append: async (entry) => {
      const error = new JournalError('SQLITE_IOERR', 'the disk fails')
      if (JSON.stringify(entry.records).includes(refused)) {
        tell(error)
        throw error
      }
      const stored = await real.append(entry)
      await released
      return stored
    },
    put: (entry, told) =>
      void own.append?.(entry).then(
        (stored) => told.kept(stored),
        (error: JournalError) => told.refused(error),
      ),
  }
  const journal = new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { journal, release }
}

describe('a refused commit', () => {
  it('leaves nothing in a checkpoint that falls due before memory is built anew', async () => {
    let nowMs = 0
    let goOn = (): void => undefined
    const paused = new Promise<void>((resolve) => (goOn = resolve))
    let release = (): void => undefined
    const box = await openBox(folder, {
      journal: (real) => {
        const failing = refusing(real, 'level-refused')
        release = failing.release
        return failing.journal
      },
      monotonicMs: () => nowMs,
      pause: () => paused,
    })
    const kept = box.intake.accept(message('level-kept', '1-1', { waterLevelMm: 100 }))
    const refused = message('level-refused', '1-1', { waterLevelMm: 100 })
    await expect(box.intake.accept(refused)).rejects.toThrow('the disk fails')
    nowMs = 3_600_000
    release()
    await kept
    await vi.waitFor(() => expect(box.journal.positions().routine.last).toBe(1))
    // Every earlier request to the journal comes before this one.
    await box.journal.append({ records: [], state: [['zone:later', {}]], isUrgent: true })
    expect((await box.journal.loadState('repeat:')).map(([key]) => key)).not.toContain('repeat:level-refused')
    goOn()
    await box.journal.close()
  })

  it('or a slow one answers a repeat together with the first, never before', async () => {
    let release = (): void => undefined
    const box = await openBox(folder, {
      journal: (real) => {
        const slow = refusing(real, 'nothing')
        release = slow.release
        return slow.journal
      },
    })
    const said = message('level-1', '1-1', { waterLevelMm: 100 })
    const answered: string[] = []
    const both = [1, 2].map((n) => box.intake.accept(said).then(() => answered.push(`${n}`)))
    await vi.waitFor(() => expect(box.journal.positions().routine.last).toBe(1))
    expect(answered).toEqual([])
    release()
    await Promise.all(both)
    expect(answered).toEqual(['1', '2'])
    await box.journal.close()
  })

  it('that is never healed does not keep the box from stopping, so that it can start anew', async () => {
    const box = await openBox(folder, {
      journal: (real) => {
        let hasStarted = false
        const { journal } = refusing(real, 'level-refused')
        return new Proxy(journal, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name)
            if (name !== 'loadState') return value
            if (hasStarted) return () => Promise.reject(new JournalError('SQLITE_CORRUPT', 'damaged'))
            return (prefix: string) => {
              hasStarted = prefix === 'checkpoint'
              return real.loadState(prefix)
            }
          },
        })
      },
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
    })
    const refused = message('level-refused', '1-1', { waterLevelMm: 100 })
    await expect(box.intake.accept(refused)).rejects.toThrow('the disk fails')
    await box.intake.stop()
    await expect(box.intake.accept(refused)).rejects.toMatchObject({ code: 'REFUSING' })
    await box.journal.close()
  })
})
