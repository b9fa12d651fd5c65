// The order to begin a new epoch: used once, for one epoch, at most once an hour, and unreceipted records are numbered
// again.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { askRenewal, renewalPauseMs } from '../../../../gateway/journal/damage/renewal.ts'
import { openJournalFile } from '../../../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../../../gateway/journal/store.ts'
import { createCommit } from '../../../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-journal-renewal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (red: number): Record<Lane, number> =>
  Object.fromEntries(lanes.map((lane) => [lane, lane === 'red' ? red : 0])) as Record<Lane, number>
const log = (sequence: number): string =>
  JSON.stringify({ type: 'log', sequence, boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced', what: 'test' })

function open(newEpoch: string) {
  const { db, isNewEpoch, rewound } = openJournalFile(folder, newEpoch)
  const options = { folder, newEpoch, bootId: 'boot', quarantineMax: 9, uncountedIdsMax: 9, keepReceipted: 9 }
  const store = new JournalStore(db, options, new VirtualClock())
  return { store, rewound, opened: store.open(isNewEpoch) }
}
function write(store: JournalStore, from: number, to: number): void {
  const request = createCommit(at(0))
  for (let number = from; number <= to; number++) {
    request.lanes.push(lanes.indexOf('red'))
    request.numbers.push(number)
    request.bodies.push(log(number * 10))
  }
  store.commit(request)
}

it('keeps how far the lanes were until something may be sent', () => {
  const first = open('aaaaaaaa')
  expect(first.opened.unproven).toBeUndefined()
  write(first.store, 1, 5)
  first.store.close(at(0))
  const second = open('bbbbbbbb')
  expect(second.opened).toMatchObject({ epoch: 'aaaaaaaa', unproven: at(5) })
  write(second.store, 6, 7)
  second.store.close(at(0))
  // A second start before the centre was reached: records written since then were not sent either.
  const third = open('cccccccc')
  expect(third.opened.unproven).toEqual(at(5))
  third.store.prove()
  third.store.close(at(0))
  const fourth = open('dddddddd')
  expect(fourth.opened.unproven).toEqual(at(7))
  fourth.store.close(at(0))
})

it('numbers what has no Receipt under the new epoch, once', () => {
  const first = open('aaaaaaaa')
  write(first.store, 1, 5)
  first.store.close(at(3))
  expect(askRenewal(folder, 'aaaaaaaa', 'it went back', 1e12)).toBe(true)
  const second = open('bbbbbbbb')
  expect(second.rewound).toMatchObject({ records: 2, reason: 'it went back' })
  expect(second.opened).toMatchObject({ epoch: 'bbbbbbbb' })
  expect(second.opened.unproven).toBeUndefined()
  const records = second.store.read('red', 0, 10, 1e6).map(({ body }) => JSON.parse(body) as { was: object })
  expect(records.map(({ was }) => was)).toEqual([
    { epoch: 'aaaaaaaa', sequence: 40 },
    { epoch: 'aaaaaaaa', sequence: 50 },
  ])
  second.store.close(at(0))
  const third = open('cccccccc')
  expect(third.opened.epoch).toBe('bbbbbbbb')
  expect(third.rewound).toBeUndefined()
  expect(existsSync(join(folder, 'journal.renew'))).toBe(false)
  third.store.close(at(0))
})

it('begins at most one an hour, whatever is asked for', () => {
  expect(askRenewal(folder, 'aaaaaaaa', 'one', 1e12)).toBe(true)
  expect(askRenewal(folder, 'aaaaaaaa', 'two', 1e12 + renewalPauseMs - 1)).toBe(false)
  expect(askRenewal(folder, 'aaaaaaaa', 'three', 1e12 + renewalPauseMs)).toBe(true)
})
