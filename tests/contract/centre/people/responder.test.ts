// Does the link of a person who was sent open once, on one phone, for one case and no longer than it should; is what comes through
// it in the case's history once; and are files judged by their bytes, never named by the sender, and looked at on record only?
import { connect } from 'node:net'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AttachmentsAnswer } from '../../../../protocols/desk/attachments.ts'
import type { CaseAnswer } from '../../../../protocols/desk/cases.ts'
import { deviceHeader, type LinksAnswer, type ResponderAnswer } from '../../../../protocols/desk/responder.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const hourMs = 3_600_000
const village = '320612104201'
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let box: TestBox
let [ops, lead] = ['', '']
let sequence = 0

beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock, config: { attachments: { quotaMegabytes: 1, termDays: 1 } } })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', `${village}-1`).ready()
  ops = running.token('operator', 'ops')
  lead = running.token('supervisor', 'lead')
})
afterAll(async () => {
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

const phone = 'a'.repeat(32)
const otherPhone = 'b'.repeat(32)
const entryId = (): string => (++sequence).toString(16).padStart(16, '0')
const place = { zone: '王奶奶家', grid: 'g-7', phone: '13800000000', household: '东路 3 号' }

/** An accepted case with a person sent, and the token of the link. */
async function dispatched(to = ['Dr Li']): Promise<{ id: string; tokens: string[] }> {
  const number = ++sequence
  await box.report('red', number, [makeAlarm(number, 'raised', { id: `sos-${number}`, place })], { skip: [] })
  const alarm = `/api/v1/alarms/${village}-1.sos-${number}`
  await until(async () => (await running.post(`${alarm}/accept`, ops)).status === 200)
  const answer = (await (
    await running.post(`${alarm}/dispatch`, ops, { to, text: 'take the key' })
  ).json()) as CaseAnswer
  return { id: answer.case.id, tokens: (answer.links ?? []).map(({ path }) => path.replace('respond/#', '')) }
}
const caseOf = async (id: string) =>
  (await (await running.get(`/api/v1/cases/${id}`, ops)).json()) as CaseAnswer

const respond = (token: string, path: string, body: object | undefined, device = phone): Promise<Response> =>
  fetch(`${running.centre.httpUrl}/api/v1/respond${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, [deviceHeader]: device, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  })
const open = (token: string, device = phone) => respond(token, '', undefined, device)
const step = (token: string, what: string, more: object = {}) =>
  respond(token, '/step', { id: entryId(), do: what, ...more })
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code

const jpeg = (length: number): Buffer => {
  const bytes = Buffer.alloc(length, ++sequence)
  bytes.set([0xff, 0xd8, 0xff, 0xe0])
  bytes.set([0xff, 0xd9], length - 2)
  return bytes
}
const upload = (id: string, bytes: Uint8Array, type = 'image/jpeg', name = 'a.jpg', token = ops) =>
  fetch(`${running.centre.httpUrl}/api/v1/cases/${id}/attachments?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: Buffer.from(bytes),
  })

test('says what and where and no more, to the first phone alone', async () => {
  const { id, tokens } = await dispatched(['Dr Li', 'Zhao'])
  const [token = '', second = ''] = tokens
  expect(tokens).toHaveLength(2)
  const text = await (await open(token)).text()
  expect(JSON.parse(text)).toMatchObject({
    view: {
      case: id,
      to: 'Dr Li',
      state: 'sent',
      text: 'take the key',
      place: { zone: '王奶奶家', grid: 'g-7' },
    },
  })
  expect(text).not.toContain('13800000000')
  expect((await open(token)).status).toBe(200)
  expect(await codeOf(await open(token, otherPhone))).toBe('link-used')
  expect((await open(second, otherPhone)).status).toBe(200)
  const links = (await (await running.get(`/api/v1/cases/${id}/links`, ops)).json()) as LinksAnswer
  expect(links.links.map(({ to, openedAtMs }) => [to, openedAtMs !== undefined])).toEqual([
    ['Dr Li', true],
    ['Zhao', true],
  ])
  expect(JSON.stringify(links)).not.toContain(token)
})

test('steps stand in the history once each, as another person; the supervisor verifies and archives', async () => {
  const {
    id,
    tokens: [token = ''],
  } = await dispatched()
  await open(token)
  expect(((await (await step(token, 'arrive')).json()) as ResponderAnswer).view.state).toBe('arrived')
  const report = {
    id: entryId(),
    do: 'feedback',
    text: 'she fell, is well',
    outcome: 'real',
    agoSeconds: 600,
  }
  for (let i = 0; i < 3; i++)
    expect(((await (await respond(token, '/step', report)).json()) as ResponderAnswer).view.state).toBe(
      'done',
    )
  const { history = [], case: item } = await caseOf(id)
  expect(
    history
      .filter(({ what }) => what === 'arrived' || what === 'feedback')
      .map(({ what, who, text }) => [what, who, text]),
  ).toEqual([
    ['arrived', 'link:Dr Li', ''],
    ['feedback', 'link:Dr Li', 'she fell, is well (10 分钟前填写 / written 10 min before)'],
  ])
  expect(item.feedback).toMatchObject({ who: 'link:Dr Li', outcome: 'real' })
  expect((await running.post(`/api/v1/cases/${id}/verify`, ops)).status).toBe(409)
  expect((await running.post(`/api/v1/cases/${id}/verify`, lead)).status).toBe(200)
  // Too late for a step: it is kept as a note.
  expect((await step(token, 'feedback', { text: 'doctor was called', outcome: 'real' })).status).toBe(200)
  expect((await caseOf(id)).history?.at(-1)).toMatchObject({
    what: 'note',
    text: 'feedback real doctor was called',
  })
  expect((await running.post(`/api/v1/cases/${id}/archive`, lead)).status).toBe(200)
  expect(await codeOf(await step(token, 'note', { text: 'more' }))).toBe('case-over')
  expect(((await (await open(token)).json()) as ResponderAnswer).view.state).toBe('over')
})

test('who can not go sends the case back; deadlines go on; a new link is made and all can be ended', async () => {
  const {
    id,
    tokens: [token = ''],
  } = await dispatched()
  expect((await step(token, 'cannot', { text: 'no car' })).status).toBe(200)
  const { case: item, deadlines } = await caseOf(id)
  expect(item).toMatchObject({ state: 'accepted', dispatches: [{ cannot: 'no car' }] })
  expect(deadlines.map((one) => one.step)).toContain('dispatch')
  const again = await running.post(`/api/v1/cases/${id}/links`, ops, { index: 0, to: 'Zhao' })
  const { links } = (await again.json()) as { links: { path: string }[] }
  const fresh = links[0]?.path.replace('respond/#', '') ?? ''
  expect((await open(fresh)).status).toBe(200)
  expect((await running.post(`/api/v1/cases/${id}/links`, ops, { index: 7, to: 'Zhao' })).status).toBe(404)
  expect(await (await running.post(`/api/v1/cases/${id}/links/end`, ops, {})).json()).toEqual({ ended: 2 })
  expect(await codeOf(await open(fresh))).toBe('link-expired')
})

test('a link is over after its hours, and no guess, cookie or token of a person opens one', async () => {
  const {
    tokens: [token = ''],
  } = await dispatched()
  const flipped = (token.startsWith('0') ? '1' : '0') + token.slice(1)
  for (const guess of [flipped, '0'.repeat(64), ops, token.slice(0, 63)])
    expect(await codeOf(await open(guess))).toBe('no-link')
  // Guesses from the same address lock no person out.
  await Promise.all(Array.from({ length: 100 }, () => open('1'.repeat(64))))
  expect((await open(token)).status).toBe(200)
  expect(await codeOf(await open(token, 'short'))).toBe('bad-request')
  expect((await running.get('/api/v1/cases', token)).status).toBe(401)
  clock.leap(24 * hourMs)
  expect(await codeOf(await open(token))).toBe('link-expired')
})

test('a photo comes in pieces, also after a piece was lost, and is an attachment of the case', async () => {
  const {
    id,
    tokens: [token = ''],
  } = await dispatched()
  const photo = jpeg(70_000)
  const photoId = entryId()
  const send = (offset: number, length = 30_000, device = phone) =>
    fetch(
      `${running.centre.httpUrl}/api/v1/respond/photo?id=${photoId}&offset=${offset}&bytes=${photo.length}`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          [deviceHeader]: device,
          'content-type': 'application/octet-stream',
        },
        body: photo.subarray(offset, offset + length),
      },
    ).then(async (response) => (await response.json()) as { storedTo: number })
  expect(await send(30_000)).toEqual({ storedTo: 0 })
  expect(await send(0)).toEqual({ storedTo: 30_000 })
  expect(await send(0)).toEqual({ storedTo: 30_000 })
  expect(await send(30_000)).toEqual({ storedTo: 60_000 })
  expect(await send(60_000)).toMatchObject({ storedTo: 70_000, view: { photos: 1 } })
  // The answer was lost: all of it comes again and counts once.
  for (const offset of [0, 30_000, 60_000]) await send(offset)
  const { attachments } = (await (
    await running.get(`/api/v1/cases/${id}/attachments`, ops)
  ).json()) as AttachmentsAnswer
  expect(attachments).toMatchObject([{ type: 'image/jpeg', bytes: 70_000, who: 'link:Dr Li' }])
  expect((await caseOf(id)).case.attachments).toBe(1)
})

test('takes JPEG, PNG and PDF by their bytes, hands them out unable to run, and writes the look down first', async () => {
  const { id } = await dispatched()
  const photo = jpeg(5000)
  expect((await upload(id, photo, 'image/jpeg', '../../门口.html')).status).toBe(200)
  expect((await upload(id, photo)).status).toBe(200)
  for (const [bytes, type, code] of [
    [Buffer.from('<svg onload="alert(1)"/>'), 'image/jpeg', 'no-such-file-type'],
    [photo, 'image/png', 'no-such-file-type'],
    [photo.subarray(0, 4000), 'image/jpeg', 'no-such-file-type'],
    [photo, 'text/html', 'wrong-type'],
    [Buffer.from('{}'), 'application/json', 'wrong-type'],
    [jpeg(9 * 1024 * 1024), 'image/jpeg', 'too-large'],
    [jpeg(1024 * 1024), 'image/jpeg', 'no-room'],
  ] as const)
    expect(await codeOf(await upload(id, bytes, type))).toBe(code)
  const { attachments } = (await (
    await running.get(`/api/v1/cases/${id}/attachments`, ops)
  ).json()) as AttachmentsAnswer
  expect(attachments).toHaveLength(1)
  expect((await caseOf(id)).history?.filter(({ what }) => what === 'attachment')).toHaveLength(1)
  const [{ sha256 } = { sha256: '' }] = attachments
  const file = await running.get(`/api/v1/cases/${id}/attachments/${sha256}`, ops)
  expect(Buffer.from(await file.arrayBuffer()).equals(photo)).toBe(true)
  expect(
    Object.fromEntries(
      ['content-type', 'x-content-type-options', 'cache-control', 'content-disposition'].map((name) => [
        name,
        file.headers.get(name),
      ]),
    ),
  ).toEqual({
    'content-type': 'image/jpeg',
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    'content-disposition': `inline; filename="__.jpg"; filename*=UTF-8''${encodeURIComponent('门口')}.jpg`,
  })
  expect(file.headers.get('content-security-policy')).toContain('sandbox')
  const trail = await (
    await running.get('/api/v1/audit?limit=1000', running.token('auditor', 'audit'))
  ).text()
  expect(trail.match(/attachment-looked/g)).toHaveLength(1)
  // Another case does not hand it out, nor does a path that leads elsewhere.
  const { id: other } = await dispatched()
  for (const path of [
    `${other}/attachments/${sha256}`,
    `${id}/attachments/..%2f..%2fcentre.db`,
    `${id}/attachments/${'a'.repeat(64)}`,
  ])
    expect((await running.get(`/api/v1/cases/${path}`, ops)).status).toBe(404)
  expect((await upload(id, photo, 'image/jpeg', 'a', running.token('maintainer', 'm'))).status).toBe(403)
})

test('files that were refused leave nothing on the disk, and files are deleted after the term of a closed case', async () => {
  const { id } = await dispatched()
  await upload(id, jpeg(3000))
  const files = () =>
    readdirSync(join(folder, 'attachments'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}/.test(name),
    )
  const before = files().length
  await upload(id, jpeg(1024 * 1024))
  expect(files()).toHaveLength(before)
  await running.post(`/api/v1/cases/${id}/feedback`, ops, { text: 'ok' })
  await running.post(`/api/v1/cases/${id}/verify`, lead, {})
  expect((await running.post(`/api/v1/cases/${id}/archive`, lead, { text: 'done' })).status).toBe(200)
  clock.leap(24 * hourMs)
  ops = running.token('operator', 'ops')
  await until(() => {
    clock.leap(6 * hourMs)
    return files().length === before - 1
  })
  const { attachments } = (await (
    await running.get(`/api/v1/cases/${id}/attachments`, ops)
  ).json()) as AttachmentsAnswer
  expect(attachments[0]?.goneAtMs).toBeGreaterThan(0)
})

test('a body that never ends and a length that is a lie are cut off', async () => {
  const { port, hostname } = new URL(running.centre.httpUrl)
  const said = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString()))
    socket.on('close', () => resolve(text))
    socket.on('error', () => undefined)
    socket.write(
      `POST /api/v1/respond/photo?id=${'a'.repeat(16)}&offset=0&bytes=10 HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 99999999\r\n\r\n`,
    )
  })
  expect(said).toMatch(/^HTTP\/1\.1 413/)
})
