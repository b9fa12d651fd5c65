// Question: can any change of the configuration affect the waiting records in the journal during an outage?
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { gatewayConfigSchema } from '../../gateway/config/config.ts'
import { lanes } from '../../protocols/domain/colour.ts'
import { createBoxFolder, sendEvents, startBox, type BoxFolder } from '../kits/system/box-in-process.ts'

let box: BoxFolder
beforeEach(() => {
  box = createBoxFolder()
})
afterEach(() => box.remove())

/** The new value of each key while the link is down. A key without an entry fails the test: add its value. */
const changes: Record<string, object> = {
  box: { box: { id: 'another-name', name: 'New name' } },
  dataDir: {}, // another folder is another journal: waiting records stay in the old one
  mqtt: {
    mqtt: {
      listeners: [{ host: '127.0.0.1', port: 0 }],
      anonymous: true,
      access: 'open',
      limits: { connections: 5 },
    },
  },
  uplink: { uplink: { url: 'mqtt://127.0.0.1:9', heartbeatSeconds: 5 } },
  console: { console: { host: '127.0.0.1', port: 0 } },
  journal: { journal: { commitWindowMs: 0, quarantineMax: 10, keepReceipted: 0 } },
  cameras: { cameras: [] },
  pictures: { pictures: { termDays: 1 } },
  bridges: { bridges: [] },
  push: { push: { host: '127.0.0.1', port: 0 } },
  devices: { devices: [{ id: 'button-1', kind: 'door' }] },
  zones: { zones: [{ id: 'east', armed: true, grade: 'strict' }] },
  rules: { rules: [{ id: 'r1', when: { colours: ['red'] }, device: 'siren-1', do: 'siren' }] },
  ringGroups: { ringGroups: [] },
  limits: { limits: { batteryLowPercent: 5, stormOfOneKind: 1 } },
  commands: { commands: { allow: [], trialSeconds: 10 } },
  outlets: { outlets: [{ type: 'webhook', name: 'a', url: 'http://127.0.0.1:9/' }] },
  updates: { updates: { url: 'https://127.0.0.1:9/releases/' } },
  logLevel: { logLevel: 'silent' },
}

function countRecords(folder: string): Record<string, number> {
  const db = new Database(join(folder, 'box', 'journal.db'), { readonly: true })
  try {
    return Object.fromEntries(
      lanes.map((lane) => [lane, db.prepare(`SELECT count(*) FROM lane_${lane}`).pluck().get() as number]),
    )
  } finally {
    db.close()
  }
}

it('knows every config key there is', () => {
  expect(Object.keys(changes).sort()).toEqual(Object.keys(gatewayConfigSchema.shape).sort())
})

it(
  'keeps every waiting record whatever key is changed while the link is down',
  { timeout: 120_000 },
  async () => {
    const first = await startBox(box.folder)
    const presses = Array.from({ length: 20 }, (_, at) => ({ id: `1-${at}`, button: 'pressed' }))
    for (const device of ['button-1', 'button-2']) await sendEvents(first.mqttUrl, device, presses)
    await first.gateway.stop()
    const before = countRecords(box.folder)
    expect(before['red']).toBeGreaterThanOrEqual(40)
    for (const [key, change] of Object.entries(changes)) {
      const { gateway } = await startBox(box.folder, change)
      await gateway.stop()
      const after = countRecords(box.folder)
      for (const lane of lanes)
        expect(after[lane], `${lane} after a change of ${key}`).toBeGreaterThanOrEqual(before[lane] ?? 0)
    }
    const last = await startBox(box.folder)
    await last.gateway.stop()
    const db = new Database(join(box.folder, 'box', 'journal.db'), { readonly: true })
    expect(db.prepare('SELECT min(number), max(number), count(*) FROM lane_red').raw().get()).toEqual([
      1,
      before['red'],
      before['red'],
    ])
    db.close()
  },
)
