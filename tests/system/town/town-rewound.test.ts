// Question: when the data folder of a box goes back to an earlier copy (a worn card, a restored image), does the box
// detect it, begin new numbers, report it on the desk, and bring the town every call that it acknowledged since?
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { createTown, type TestTown } from '../../kits/system/programs.ts'
import { allReceipted, deskRows, storedEventIds, storedRecords, until } from '../../kits/system/town-steps.ts'

const buttons = ['button-1', 'button-2', 'button-3', 'button-4', 'button-5', 'button-6']
let town: TestTown

beforeEach(async () => {
  town = await createTown({ devices: buttons.map((id) => ({ id, kind: 'button' })) })
})
afterEach(() => town.close())

async function publish(device: string, ids: readonly string[], reading: object): Promise<void> {
  const client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: device })
  await Promise.all(
    ids.map((id) =>
      client.publishAsync(`gengfu/v1/${device}/event`, JSON.stringify({ id, ...reading }), { qos: 1 }),
    ),
  )
  await client.endAsync()
}
const press = (device: string, id: string): Promise<void> => publish(device, [id], { button: 'pressed' })

it('keeps and brings every call of before and after, each once, over two starts without a link', async () => {
  const box = join(town.folder, 'gateway')
  const copy = join(town.folder, 'copy')
  const centre = await town.startCentre()
  let gateway = await town.startGateway()
  await press('button-1', 'before-copy')
  await allReceipted(town)
  await gateway.end()
  cpSync(box, copy, { recursive: true })

  gateway = await town.startGateway()
  for (const [i, device] of ['button-2', 'button-3'].entries()) await press(device, `after-copy-${i}`)
  await publish('door-1', ['d-1', 'd-2', 'd-3', 'd-4'], { contact: 'open' })
  await allReceipted(town)
  await gateway.end('SIGKILL')
  const wasThere = await storedEventIds(town)

  // The card goes back, and the box writes more than it had, twice, before it reaches the centre again.
  rmSync(box, { recursive: true })
  cpSync(copy, box, { recursive: true })
  await centre.end()
  gateway = await town.startGateway()
  await press('button-4', 'gone-back-4')
  await gateway.end('SIGKILL')
  gateway = await town.startGateway()
  await press('button-5', 'gone-back-5')
  await press('button-6', 'gone-back-6')
  await town.startCentre()
  const { reason } = await gateway.said('the data folder went back to an earlier state')
  expect(reason).toContain('the centre has ')
  const isRewound = ({ kind }: DeskAlarm): boolean => kind === 'journal-rewound'
  await until(async () => (await deskRows(town)).some(isRewound))
  await press('button-5', 'once-more-5')
  await allReceipted(town)

  const stored = await storedEventIds(town)
  expect(stored.length).toBe(new Set(stored).size)
  const pressed = [
    'button-4 gone-back-4',
    'button-5 gone-back-5',
    'button-6 gone-back-6',
    'button-5 once-more-5',
  ]
  expect([...wasThere, ...pressed].filter((id) => !stored.includes(id))).toEqual([])
  const rows = await deskRows(town)
  const calls = rows.filter(({ device }) => buttons.includes(device))
  expect(calls.map(({ device }) => device).toSorted()).toEqual(buttons)
  expect(rows.filter(isRewound)).toMatchObject([
    { colour: 'orange', device: town.boxId, state: 'unacknowledged' },
  ])
  // Records written since then are under the new epoch and name their first position; ids are never used twice.
  const records = await storedRecords(town)
  expect(records.filter(({ record }) => record.was !== undefined).length).toBeGreaterThanOrEqual(3)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
}, 60_000)
