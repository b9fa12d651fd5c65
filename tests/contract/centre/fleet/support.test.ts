// Does a bundle that the centre asks for arrive from a real box without a planted secret, and is every other sender refused?
import { execFileSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { enrolWithCentre } from '../../../../gateway/config/enrolment/enrol-with-centre.ts'
import {
  readEnrolled,
  writeEnrolled,
  type Enrolled,
} from '../../../../gateway/config/enrolment/enrolled-file.ts'
import { sendSigned } from '../../../../gateway/config/enrolment/send-signed.ts'
import { callControlSocket } from '../../../../platform/support/control-socket.ts'
import type { SessionAnswer } from '../../../../protocols/console/installing.ts'
import type { CommandAnswer, CommandsAnswer, DeskCommand } from '../../../../protocols/desk/commands.ts'
import type { HandoverAnswer, HandoversAnswer } from '../../../../protocols/desk/fleet/handovers.ts'
import type { SecurityAnswer } from '../../../../protocols/desk/accounts.ts'
import type { MapAnswer } from '../../../../protocols/desk/villages/map.ts'
import type { Handover } from '../../../../protocols/enrolment/handover.ts'
import type { FleetBoxAnswer } from '../../../../protocols/desk/fleet/fleet.ts'
import type { NewEnrolmentAnswer } from '../../../../protocols/desk/villages/enrolments.ts'
import { timeHeader, uploadHeaders } from '../../../../platform/certificates/signed-upload.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'
import { startBoxFromFile, type BoxFromFile } from '../../../kits/system/box-in-process.ts'
import {
  dropFolder,
  enrolmentSettings,
  makeFolder,
  startCentre,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

const box = '320612104201-1'
const secret = 'planted-camera-secret-1'
let folder: string
let machine: string
let running: CentreUnderTest
let keeper: string
let started: BoxFromFile
let enrolled: Enrolled

beforeAll(async () => {
  folder = makeFolder()
  machine = mkdtempSync(join(tmpdir(), 'gengfu-b-'))
  const settings = await enrolmentSettings(folder)
  const town = await createAuthority('Server')
  const server = await town.issueServer()
  const at = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const tls = {
    certFile: at('c.crt', server.cert),
    keyFile: at('c.key', server.key),
    caFile: join(folder, 'town-ca.crt'),
  }
  const uplink = { listeners: [{ host: '127.0.0.1', port: 0, tls }] }
  running = await startCentre(folder, { config: { enrolment: settings, uplink } })
  keeper = running.token('maintainer', 'keeper')
  const made = await running.post('/api/v1/enrolments', keeper, { box })
  const { code } = (await made.json()) as NewEnrolmentAnswer
  const dataDir = join(machine, 'data')
  const done = await enrolWithCentre({ dataDir, link: { centre: running.centre.httpUrl, code } })
  if (!done.ok) throw new Error(JSON.stringify(done.problems))
  const file = join(machine, 'gateway.yaml')
  writeFileSync(join(machine, 'cam'), secret)
  // The certificate of the server is of another authority than the boxes' own here.
  enrolled = { ...done.value, uplinkUrl: running.centre.uplinkUrls[0] ?? '' }
  writeEnrolled(dataDir, enrolled)
  const caFile = at('server-ca', town.cert)
  writeFileSync(
    file,
    JSON.stringify({
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
      console: { port: 0 },
      uplink: { caFile },
      zones: [{ id: 'square' }],
      cameras: [
        { id: 'cam-1', host: '127.0.0.1', port: 9, zone: 'square', user: secret, passwordFile: 'cam' },
      ],
    }),
  )
  started = await startBoxFromFile(file)
}, 60_000)
afterAll(async () => {
  await started.stop()
  await running.centre.stop()
  dropFolder(folder)
  rmSync(machine, { recursive: true, force: true })
})

const bundles = async (): Promise<FleetBoxAnswer['bundles']> =>
  ((await (await running.get(`/api/v1/fleet/boxes/${box}`, keeper)).json()) as FleetBoxAnswer).bundles

it('the box answers the command, its bundle arrives, and holds health, log and configuration without the secret', async () => {
  await until(async () => (await running.get(`/api/v1/fleet/boxes/${box}`, keeper)).status === 200)
  const asked = await running.post(`/api/v1/boxes/${box}/commands`, keeper, { do: 'support' })
  expect(asked.status).toBe(200)
  const [bundle] = await until(async () => {
    const list = await bundles()
    return list.length > 0 ? list : undefined
  })
  const path = `/api/v1/fleet/boxes/${box}/bundles/${bundle?.name}`
  expect((await running.get(path, running.token('supervisor', 's'))).status).toBe(403)
  const answer = await running.get(path, keeper)
  expect(answer.headers.get('content-disposition')).toContain('attachment')
  const file = join(machine, 'got.tar.gz')
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()))
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })
  for (const name of ['config.json', 'health.json', 'records.jsonl', 'metrics.txt', 'machine.txt'])
    expect(names).toContain(name)
  const all = execFileSync('tar', ['-xzOf', file], { encoding: 'utf8', maxBuffer: 64e6 })
  expect(all).toContain('cam-1')
  expect(all).not.toContain(secret)
  expect(all).not.toContain(enrolled.key.split('\n')[1])
  expect((await running.get(`/api/v1/fleet/boxes/${box}/bundles/..`, keeper)).status).toBe(404)
}, 60_000)

it('opens the console for a limited time when a maintainer of the centre asks, and answers that it did', async () => {
  const ask = async (minutes: number): Promise<DeskCommand> => {
    const asked = await running.post(`/api/v1/boxes/${box}/commands`, keeper, { do: 'console', minutes })
    const { command } = (await asked.json()) as CommandAnswer
    return until(async () => {
      const list = (await (
        await running.get(`/api/v1/boxes/${box}/commands`, keeper)
      ).json()) as CommandsAnswer
      return list.commands.find(({ id, state }) => id === command.id && state === 'done')
    })
  }
  const openForMs = async (): Promise<number> => {
    const session = await fetch(`${started.box().consoleUrl}api/v1/session`)
    return ((await session.json()) as SessionAnswer).openForMs ?? 0
  }
  await ask(30)
  await until(async () => ((await openForMs()) > 0 ? true : undefined))
  expect(await openForMs()).toBeLessThanOrEqual(30 * 60_000)
  await ask(0)
  await until(async () => ((await openForMs()) === 0 ? true : undefined))
})

it('keeps the handover sheet and the village plan that a box sends, and shows them to those who may', async () => {
  const own = { ...enrolled, centreUrl: running.centre.httpUrl }
  const sheet: Handover = {
    v: 1,
    box,
    name: '上溪村',
    village: '320612104201',
    version: '1',
    atMs: 1,
    by: '李',
    link: { state: 'connected' },
    addresses: [],
    devices: [{ id: 'd-1', kind: 'button', isHeard: true }],
    cameras: [],
    contacts: [{ role: 'village', name: '王', phone: '139' }],
    remarks: '',
    receivedBy: '王',
    pictures: [{ caption: '箱', jpeg: 'AAAA' }],
  }
  const send = (purpose: 'handover' | 'plan', bytes: Uint8Array) =>
    sendSigned(own, purpose, bytes, Date.now())
  const pack = (of: object): Uint8Array => gzipSync(JSON.stringify(of))
  for (const wrong of [
    { ...sheet, box: '320612104201-2' },
    { ...sheet, devices: 1 },
  ])
    expect((await send('handover', pack(wrong))).ok).toBe(false)
  expect((await send('handover', Buffer.from('no gzip'))).ok).toBe(false)
  expect(await send('handover', pack(sheet))).toEqual({ ok: true, value: undefined })
  const operator = running.token('operator', 'o')
  const { handovers } = (await (
    await running.get(`/api/v1/boxes/${box}/handovers`, operator)
  ).json()) as HandoversAnswer
  const shown = await running.get(`/api/v1/boxes/${box}/handovers/${handovers[0]?.name}`, operator)
  expect(((await shown.json()) as HandoverAnswer).handover).toEqual(sheet)
  expect((await running.get(`/api/v1/boxes/${box}/handovers/..`, operator)).status).toBe(404)

  expect((await send('plan', Buffer.from('<svg/>'))).ok).toBe(false)
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1])
  expect((await send('plan', png)).ok).toBe(true)
  const { villages } = (await (await running.get('/api/v1/map', operator)).json()) as MapAnswer
  expect(villages).toMatchObject([{ id: '320612104201', plan: { source: 'box' } }])
  const plan = await running.get('/api/v1/map/plans/320612104201', operator)
  expect([plan.status, plan.headers.get('content-type')]).toEqual([200, 'image/png'])
  const arrived = await until(async () => {
    const answer = await running.get('/api/v1/security', running.token('supervisor', 's'))
    const { entries } = (await answer.json()) as SecurityAnswer
    const found = entries.filter(({ who, what }) => who === box && /^(handover|plan)-/.test(what))
    return found.length === 2 ? found : undefined
  })
  expect(arrived.map(({ what, detail }) => [what, detail])).toEqual([
    ['plan-arrived', '320612104201'],
    ['handover-arrived', handovers[0]?.name],
  ])
})

it('the centre makes one of its own over its door', async () => {
  const bytes = await callControlSocket(folder, 'bundle')
  expect(bytes?.ok && bytes.value[0]).toBe(0x1f)
})

it('what is not signed by a box with a certificate that counts is refused', async () => {
  const nowMs = Date.now()
  const own = { ...enrolled, centreUrl: running.centre.httpUrl }
  const gzip = Buffer.from([0x1f, 0x8b, 1])
  const other = await createAuthority('Foreign')
  const { cert, key } = await other.issueDevice(box)
  const status = async (done: ReturnType<typeof sendSigned>): Promise<string> => {
    const result = await done
    return result.ok ? 'taken' : (/answered (\d+)/.exec(result.problems[0]?.message ?? '')?.[1] ?? 'none')
  }
  expect(await status(sendSigned({ ...own, certificate: cert, key }, 'bundle', gzip, nowMs))).toBe('403')
  const put = async (
    purpose: 'bundle' | 'copy',
    headers: Record<string, string>,
    body: Buffer,
  ): Promise<number> => {
    const type = { 'content-type': 'application/octet-stream' }
    const url = `${running.centre.httpUrl}/enrol/${purpose}`
    return (
      await fetch(url, { method: 'POST', headers: { ...headers, ...type }, body: new Uint8Array(body) })
    ).status
  }
  // Other bytes, another purpose and another time under a good signature; the twin is what was signed.
  const signed = uploadHeaders('bundle', nowMs, gzip, enrolled)
  expect(await put('bundle', signed, Buffer.from([0x1f, 0x8b, 2]))).toBe(403)
  expect(await put('copy', signed, gzip)).toBe(403)
  expect(await put('bundle', { ...signed, [timeHeader]: `${nowMs + 1}` }, gzip)).toBe(403)
  expect(await put('bundle', signed, gzip)).toBe(200)
  // An old one, and what is no bundle or copy.
  expect(await status(sendSigned(own, 'bundle', gzip, nowMs - 3_600_000))).toBe('403')
  expect(await status(sendSigned(own, 'bundle', Buffer.from('text'), nowMs))).toBe('400')
  expect(await status(sendSigned(own, 'copy', gzip, nowMs))).toBe('400')
  expect(await status(sendSigned(own, 'bundle', gzip, nowMs))).toBe('taken')
  expect(readEnrolled(join(machine, 'data'))?.ok).toBe(true)
})
