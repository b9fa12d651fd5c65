// Does the journal of a card without writes read and send what is there, refuse every record with its reason, and take notes of the program?
import { expect, it } from 'vitest'
import type { Journal, JournalEntry, JournalError } from '../../../../gateway/journal/port.ts'
import { unwritableJournal } from '../../../../gateway/journal/unwritable-journal.ts'

function open() {
  const calls: string[] = []
  const inner = new Proxy({} as Journal, {
    get: (_, name) =>
      name === 'epoch'
        ? 'e-1'
        : (...values: unknown[]) => {
            calls.push(String(name))
            return name === 'onRefused' ? () => calls.push('undone') : Promise.resolve(values)
          },
  })
  return { calls, journal: unwritableJournal(inner, 'read-only file system') }
}
const note: JournalEntry = { records: [], state: [['checkpoint', {}]], isUrgent: false }
const record = { records: [{ lane: 'red', record: {} }], isUrgent: true } as unknown as JournalEntry

it.each([
  ['a record', record],
  ['a quarantined message', { ...note, quarantine: {} } as unknown as JournalEntry],
  ['an uncounted message id', { ...note, uncountedIds: [['door-1', 'x']] } as unknown as JournalEntry],
])('refuses %s, in both forms, and tells each listener', async (_name, entry) => {
  const { journal, calls } = open()
  const heard: JournalError[] = []
  const undo = journal.onRefused((error) => heard.push(error))
  let refused: Error | undefined
  journal.put(entry, { kept: () => expect.unreachable(), refused: (error) => (refused = error) })
  expect(refused).toMatchObject({ code: 'UNWRITABLE', message: 'read-only file system', isRetryable: true })
  await expect(journal.append(entry)).rejects.toThrow('read-only file system')
  expect(heard).toHaveLength(2)
  undo()
  await expect(journal.append(entry)).rejects.toThrow('read-only file system')
  expect(heard).toHaveLength(2)
  expect(calls).toEqual(['onRefused', 'undone'])
})

it('takes notes of the program about itself, reads, sends and settles, and begins no epoch', async () => {
  const { journal, calls } = open()
  await journal.append(note)
  await journal.read('red', 0, { recordsMax: 1, bytesMax: 1 } as never)
  journal.settle('red', 3)
  expect(calls).toEqual(['append', 'read', 'settle'])
  expect(await journal.renew('copied')).toBe(false)
  expect(journal.epoch).toBe('e-1')
  journal.onCommitted(() => expect.unreachable())()
  expect(calls).toHaveLength(3)
})
