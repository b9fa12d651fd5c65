// The village plan, the handover sheet and the empty list of devices over the console's routes.
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pino } from 'pino'
import { writeEnrolled } from '../../../../../gateway/config/enrolment/enrolled-file.ts'
import { WaitingUpload } from '../../../../../gateway/config/enrolment/waiting-upload.ts'
import { readDeviceRows } from '../../../../../gateway/console/devices/device-rows.ts'
import { readTable } from '../../../../../gateway/console/devices/read-table.ts'
import { packHandover } from '../../../../../gateway/console/handover/handover-routes.ts'
import { deviceListTemplate, templateColumns } from '../../../../../platform/formats/device-list-template.ts'
import type { HandoverSheetAnswer, PlanAnswer } from '../../../../../protocols/console/installing.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'
import { bad, ok } from '../../../../../protocols/kit/result.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit({
    box: { id: '320612104201-1', name: '上溪村' },
    zones: [{ id: 'hall', place: '祠堂东' }],
    devices: [{ id: 'b-1', kind: 'button', zone: 'hall', emergency: 'medical' }, { id: 'b-2' }],
  })
})
afterEach(() => kit.stop())

const get = async <T>(path: string): Promise<T> =>
  (await kit.ask(onBox, 'GET', `/api/v1/${path}`)).body as unknown as T
const post = (path: string, body: object | Uint8Array) => kit.ask(onBox, 'POST', `/api/v1/${path}`, { body })
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1])

it('takes a picture of the plan by its bytes, sends it on, and removes it', async () => {
  expect((await get<PlanAnswer>('plan')).hasPicture).toBe(false)
  expect((await post('plan/picture', Buffer.from('<svg onload="alert(1)"/>'))).status).toBe(400)
  expect((await post('plan/picture', png)).status).toBe(200)
  expect(kit.uploads).toEqual(['plan'])
  const { headers, status } = await kit.ask(onBox, 'GET', '/api/v1/plan/picture')
  expect([status, headers['content-type']]).toEqual([200, 'image/png'])
  expect((await post('plan/remove', {})).status).toBe(200)
  expect((await kit.ask(onBox, 'GET', '/api/v1/plan/picture')).status).toBe(404)
})

it('places devices and zones as one version that can be undone, and keeps what else they have', async () => {
  const at = { x: 0.25, y: 0.5 }
  const body = { devices: { 'b-1': at, 'b-2': null }, zones: { hall: at } }
  expect((await post('plan/places', body)).status).toBe(200)
  kit.reopen()
  const { devices, zones } = await get<PlanAnswer>('plan')
  expect(devices).toEqual([
    { id: 'b-1', kind: 'button', zone: 'hall', plan: at },
    { id: 'b-2', kind: 'other' },
  ])
  expect(zones).toEqual([{ id: 'hall', plan: at }])
  expect(kit.installing.config.zones[0]?.place).toEqual({ text: '祠堂东', plan: at })
  expect(kit.installing.config.devices[0]?.emergency).toBe('medical')
  for (const wrong of [
    { devices: { none: at } },
    { zones: { hall: { x: 2, y: 0 } } },
    { zones: { none: null } },
  ])
    expect((await post('plan/places', wrong)).status).toBe(400)
  expect((await post('settings/undo', { version: 1 })).status).toBe(200)
  kit.reopen()
  expect((await get<PlanAnswer>('plan')).devices[0]).not.toHaveProperty('plan')
  expect(kit.installing.config.zones[0]?.place).toEqual({ text: '祠堂东' })
})

it('stores the handover sheet as it was signed, and gives it to the centre until the centre has it', async () => {
  kit.installing.health = () =>
    Promise.resolve({ link: { state: 'connected' }, box: { version: '1.2' }, cameras: [] } as never)
  const added = {
    contacts: [{ role: 'village', name: '王', phone: '139' }],
    remarks: 'ok',
    receivedBy: '王',
    pictures: [{ caption: '箱', jpeg: 'AAAA' }],
  }
  expect((await get<HandoverSheetAnswer>('handover')).storedAtMs).toBeUndefined()
  expect((await post('handover', { ...added, pictures: [{ caption: '', jpeg: '<b>' }] })).status).toBe(400)
  expect((await post('handover', { ...added, by: '李' })).status).toBe(200)
  const answer = await get<HandoverSheetAnswer>('handover')
  expect(answer).toMatchObject({ storedBy: '李', sheet: { name: '上溪村', version: '1.2', ...added } })
  expect(answer.sheet.devices[0]).toEqual({
    id: 'b-1',
    kind: 'button',
    zone: 'hall',
    place: '祠堂东',
    isHeard: false,
  })
  const { dataDir } = kit.installing.config
  const sent: [string, Uint8Array][] = []
  let isDown = true
  const upload = new WaitingUpload({
    purpose: 'handover',
    dataDir,
    clock: createSystemClock(),
    wallMs: () => 5,
    content: () => packHandover(dataDir),
    logger: pino({ level: 'silent' }),
    send: (_enrolled, purpose, bytes) => {
      if (isDown) return Promise.resolve(bad('down'))
      sent.push([purpose, bytes])
      return Promise.resolve(ok(undefined))
    },
  })
  expect(await upload.look()).toBe(false)
  writeEnrolled(dataDir, {
    v: 1,
    certificate: 'c',
    key: 'k',
    authority: 'a',
    box: '320612104201-1',
    centreUrl: 'https://town.example',
    uplinkUrl: 'mqtts://town.example:8883',
    renewAtMs: 1,
  })
  expect([await upload.look(), upload.isThere()]).toEqual([false, false])
  isDown = false
  expect([await upload.look(), upload.isThere()]).toEqual([true, true])
  expect([await upload.look(), sent.length]).toEqual([true, 1])
  expect(JSON.parse(gunzipSync(sent[0]?.[1] ?? '').toString())).toMatchObject({ by: '李', ...added })
  await post('handover', { ...added, remarks: 'more' })
  expect([upload.isThere(), await upload.look(), sent.length]).toEqual([false, true, 2])
})

it.each(['zh', 'en'] as const)(
  'gives an empty list in %s whose every heading the import knows',
  async (language) => {
    const { text, headers } = await kit.ask(onBox, 'GET', `/api/v1/devices/list.csv?lang=${language}`)
    expect(headers['content-disposition']).toContain('gengfu-devices.csv')
    const heading = templateColumns.map(([zh, en]) => (language === 'zh' ? zh : en))
    expect(text.replace('\uFEFF', '').trim()).toBe(heading.join(','))
    for (const type of ['csv', 'xlsx'] as const) {
      const table = readTable(deviceListTemplate(type, language))
      if (!table.ok) throw new Error(JSON.stringify(table.problems))
      expect(table.value.map(({ cells }) => cells)).toEqual([heading])
      const filled = [
        ...table.value,
        { row: 2, cells: ['b-3', 'button', '王家', '奶奶', '', '', '139', '7'] },
      ]
      const read = readDeviceRows(filled, { devices: [], zones: [] })
      expect(read).toMatchObject({ ok: true, value: { devices: [{ entry: { id: 'b-3', phone: '139' } }] } })
    }
  },
)
