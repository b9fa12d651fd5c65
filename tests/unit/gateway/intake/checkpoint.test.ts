// Is a checkpoint written in steps of few devices, with its watermark last, and at once when the box stops?
import { describe, expect, it } from 'vitest'
import { devicesPerStep, writeCheckpoint } from '../../../../gateway/intake/checkpoint.ts'
import type { AlarmDocuments } from '../../../../gateway/intake/alarm-documents.ts'
import type { RepeatMemory } from '../../../../gateway/intake/memory/repeat-memory.ts'
import type { Journal, JournalEntry } from '../../../../gateway/journal/port.ts'
import { createBoxFolder, startBox } from '../../../kits/system/box-in-process.ts'

function checkpointOf(devices: number) {
  const entries: JournalEntry[] = []
  const names = Array.from({ length: devices }, (_, at) => `door-${at}`)
  const journal = {
    positions: () => ({ red: { last: 7, receipted: 0 } }),
    append: (entry: JournalEntry) => Promise.resolve(void entries.push(entry)),
  } as unknown as Journal
  const documents = {
    takeTouched: () => names.map((name) => `device:${name}`),
    get: (key: string) => ({ key }),
  } as unknown as AlarmDocuments
  const repeats = {
    takeTouched: () => names,
    documentOf: (device: string) => ({ device }),
  } as unknown as RepeatMemory
  return { entries, parts: { journal, documents, repeats } }
}

describe('a checkpoint', () => {
  it('shares a commit among few devices, and writes its watermark after the last of them', async () => {
    const { entries, parts } = checkpointOf(devicesPerStep + 1)
    await writeCheckpoint({ ...parts, isCurrent: () => true, isUrgent: false })
    expect(entries.map(({ state }) => state?.length)).toEqual([2 * devicesPerStep, 2, 1])
    expect(entries.at(-1)?.state).toEqual([['checkpoint', { red: 7 }]])
  })

  it.each([true, false])('commits each step at once where that is wished: %s', async (isUrgent) => {
    const { entries, parts } = checkpointOf(3)
    await writeCheckpoint({ ...parts, isCurrent: () => true, isUrgent })
    expect(entries.map((entry) => entry.isUrgent)).toEqual([isUrgent, isUrgent])
  })

  it('ends without a watermark once memory has an input that was refused', async () => {
    const { entries, parts } = checkpointOf(3 * devicesPerStep)
    await writeCheckpoint({ ...parts, isCurrent: () => entries.length < 2, isUrgent: false })
    expect(entries).toHaveLength(2)
    expect(entries.some(({ state }) => state?.some(([key]) => key === 'checkpoint'))).toBe(false)
  })

  it('of a box that stops waits for no window of routine records', async () => {
    const place = createBoxFolder()
    const entries: JournalEntry[] = []
    const wrapJournal = (journal: Journal): Journal =>
      new Proxy(journal, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target)
          if (name !== 'append') return typeof value === 'function' ? value.bind(target) : value
          return (entry: JournalEntry) => {
            entries.push(entry)
            return target.append(entry)
          }
        },
      })
    const { gateway } = await startBox(place.folder, {}, { wrapJournal })
    await gateway.stop()
    place.remove()
    const written = entries.filter(({ state }) => state?.some(([key]) => key === 'checkpoint'))
    expect(written.map(({ isUrgent }) => isUrgent)).toEqual([true])
  })
})
