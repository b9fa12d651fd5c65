// Question: what does the centre accept as a picture, what does it discard, and when does it delete pictures?
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { drawScene } from '../../../firmware-sim/camera/scene.ts'
import type { DeskPicture, LooksAnswer, PicturesAnswer } from '../../../protocols/desk/api.ts'
import type { LogRecord } from '../../../protocols/domain/record.ts'
import type { SnapshotFacts } from '../../../protocols/domain/snapshot.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { chunkBytesMax, encodePictureChunk } from '../../../protocols/uplink/picture-chunk.ts'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from './centre-parts.ts'

const dayMs = 86_400_000
let folder: string
let running: CentreUnderTest
let box: TestBox
let sequence = 0
const numbers = new Map<string, number>()

async function start(config: object = {}, aheadMs = 0): Promise<void> {
  const clock = createSystemClock()
  const ahead = {
    wallMs: () => clock.wallMs() + aheadMs,
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
  }
  running = await startCentre(folder, { config, clock: ahead })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
}
async function stop(): Promise<void> {
  await box.end()
  await running.centre.stop()
}
beforeEach(async () => {
  folder = makeFolder()
  sequence = 0
  numbers.clear()
  await start()
})
afterEach(async () => {
  await stop()
  dropFolder(folder)
})

interface Picture {
  bytes: Uint8Array
  sha256: string
}

/** A real JPEG, padded behind its end to the wanted size; `seed` changes it. */
function makePicture(seed: number, size = 0): Picture {
  const scene = { waterLevelMm: 100 * seed, isDoorOpen: false, isDark: false, isCovered: false }
  const jpeg = drawScene({ atMs: 1_764_000_000_000, ...scene })
  const bytes = Buffer.concat([jpeg, Buffer.alloc(Math.max(0, size - jpeg.length))])
  return { bytes, sha256: hashOf(bytes) }
}
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const log = (what: string, facts: object): LogRecord => ({
  type: 'log',
  sequence: ++sequence,
  boot: 1,
  sinceBootMs: sequence,
  atMs: 1_764_000_000_000 + sequence,
  clock: 'synced',
  what,
  facts: { ...facts },
})

function factsOf({ bytes, sha256 }: Picture, part: Partial<SnapshotFacts> = {}): SnapshotFacts {
  const file = { sha256, bytes: bytes.length, width: 640, height: 352 }
  const fetchedAt = {
    boot: 1,
    sinceBootMs: sequence,
    atMs: 1_764_000_000_000 + sequence,
    clock: 'synced' as const,
  }
  return {
    id: sha256.slice(0, 12),
    camera: 'cam-1',
    zone: 'yard',
    moment: 'at-once',
    fetchedAt,
    preview: file,
    full: file,
    isMasked: false,
    picture: 'good',
    ...part,
  }
}

/** Its record: the next number of its box's routine lane. */
async function announce(picture: Picture, part: Partial<SnapshotFacts> = {}, by = box): Promise<void> {
  const number = (numbers.get(by.box) ?? 0) + 1
  numbers.set(by.box, number)
  await by.report('routine', number, [log('snapshot-taken', factsOf(picture, part))])
}

/** Sends a part; resolves with the centre's answer about it. */
async function send({ bytes, sha256 }: Picture, from: number, to: number, by = box) {
  const before = by.pictures.length
  for (let offset = from; offset < to || offset === from; offset += chunkBytesMax) {
    const part = bytes.subarray(offset, Math.min(to, offset + chunkBytesMax))
    const payload = encodePictureChunk({ sha256, bytes: bytes.length, offset, part })
    await by.client.publishAsync(`up/${by.box}/picture`, Buffer.from(payload), { qos: 1 })
  }
  return until(() => {
    const last = by.pictures.slice(before).findLast((receipt) => receipt.sha256 === sha256)
    return last && (last.problem !== undefined || last.storedTo >= to) ? last : undefined
  })
}
const sendWhole = (picture: Picture) => send(picture, 0, picture.bytes.length)

async function pictures(): Promise<DeskPicture[]> {
  const answer = await running.get('/api/v1/boxes/box-a/pictures', running.token())
  return ((await answer.json()) as PicturesAnswer).pictures
}
const get = (sha256: string) => running.get(`/api/v1/pictures/${sha256}`, running.token())
const fileOf = (sha256: string, ending = 'jpg'): string =>
  join(folder, 'pictures', 'box-a', `${sha256}.${ending}`)

describe('a picture that arrives', () => {
  test('is taken only when a record of the same box has named it, in the size that it said', async () => {
    const [own, foreign] = [makePicture(1), makePicture(2)]
    expect(await send(own, 0, 100)).toMatchObject({ storedTo: 0, problem: 'unknown' })
    const other = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-b').ready()
    await announce(foreign, {}, other)
    expect(await send(foreign, 0, 100)).toMatchObject({ problem: 'unknown' })
    await announce(own)
    const longer = { ...own, bytes: Buffer.concat([own.bytes, Buffer.alloc(1)]) }
    expect(await send(longer, 0, 100)).toMatchObject({ storedTo: 0, problem: 'refused' })
    expect(await sendWhole(own)).toEqual({ v: 1, sha256: own.sha256, storedTo: own.bytes.length })
    expect(await send(foreign, 0, 100, other)).toMatchObject({ storedTo: 100 })
    expect(readdirSync(join(folder, 'pictures')).sort()).toEqual(['box-a', 'box-b'])
    await other.end()
  })

  test('follows its record in the same breath, before that is on disk', async () => {
    const picture = makePicture(1)
    const announced = announce(picture)
    expect(await sendWhole(picture)).toMatchObject({ storedTo: picture.bytes.length })
    await announced
  })

  test('is thrown away and asked for again when its bytes are not what was announced', async () => {
    const picture = makePicture(1)
    await announce(picture)
    const wrong = { ...picture, bytes: Buffer.from(picture.bytes).fill(7, 500, 600) }
    expect(await sendWhole(wrong)).toMatchObject({ storedTo: 0, problem: 'damaged' })
    expect([existsSync(fileOf(picture.sha256)), existsSync(fileOf(picture.sha256, 'part'))]).toEqual([
      false,
      false,
    ])
    expect(await sendWhole(picture)).toMatchObject({ storedTo: picture.bytes.length })
    expect(hashOf(Buffer.from(await (await get(picture.sha256)).arrayBuffer()))).toBe(picture.sha256)
  })

  test('is not kept when it is no picture, and never handed out', async () => {
    const page = Buffer.from('<script>alert(1)</script>'.repeat(20))
    const picture = { bytes: page, sha256: hashOf(page) }
    await announce(picture)
    expect(await sendWhole(picture)).toMatchObject({ storedTo: page.length })
    expect((await get(picture.sha256)).status).toBe(404)
    expect((await pictures())[0]?.full).toMatchObject({ state: 'gone', goneWhy: 'not-a-picture' })
    expect(readdirSync(join(folder, 'pictures', 'box-a'))).toEqual([])
  })

  test('continues where it was after a restart of the centre, and after a gap', async () => {
    const picture = makePicture(1, 60_000)
    await announce(picture)
    expect(await send(picture, 0, 20_000)).toMatchObject({ storedTo: 20_000 })
    await stop()
    await start()
    expect((await pictures())[0]?.full).toMatchObject({ state: 'on-the-way', percent: 33 })
    expect(await send(picture, 0, 0)).toMatchObject({ storedTo: 20_000 })
    const { sha256, bytes } = picture
    const ahead = encodePictureChunk({ sha256, bytes: 60_000, offset: 40_000, part: bytes.subarray(40_000) })
    await box.client.publishAsync('up/box-a/picture', Buffer.from(ahead), { qos: 1 })
    expect(await send(picture, 20_000, 60_000)).toMatchObject({ storedTo: 60_000 })
    expect((await pictures())[0]?.full.state).toBe('here')
  })
})

describe('a picture that is here', () => {
  test('is handed out with its type, each time with a look in the log, and cached by no browser', async () => {
    const picture = makePicture(1)
    await announce(picture)
    await sendWhole(picture)
    for (let look = 0; look < 2; look++) {
      const { headers } = await get(picture.sha256)
      expect(headers.get('cache-control')).toBe('private, no-store')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    }
    expect((await running.get('/api/v1/looks', running.token())).status).toBe(403)
    const answer = await running.get('/api/v1/looks', running.token('supervisor', 'chen'))
    const { looks } = (await answer.json()) as LooksAnswer
    expect(looks.map(({ who, sha256, camera }) => [who, sha256, camera])).toEqual(
      Array(2).fill(['token:ops', picture.sha256, 'cam-1']),
    )
    expect((await running.get('/api/v1/pictures/..%2f..%2fcentre.db', running.token())).status).toBe(404)
    expect((await running.get(`/api/v1/pictures/${picture.sha256}`)).status).toBe(401)
  })

  test('opens once by the link of a receiver outside, with a look in the log of whose link it was', async () => {
    const got: { data: { pictureUrl?: string } }[] = []
    const receiver = createServer((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        got.push(JSON.parse(body) as (typeof got)[number])
        response.end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
    await stop()
    const pictureLink = { baseUrl: 'https://centre.example/' }
    await start({ outlets: [{ name: 'police', type: 'webhook', url, pictureLink }] })
    await box.report('red', 1, [makeAlarm(500, 'raised')])
    const picture = makePicture(1)
    const chen = running.token('supervisor', 'chen')
    // The first message leaves before there is a picture.
    await running.post('/api/v1/cases/case-1/outlets', chen, { outlet: 'police' })
    await until(() => got.length === 1)
    receiver.close()
    const link = got[0]?.data.pictureUrl ?? ''
    expect(link).toMatch(/^https:\/\/centre\.example\/api\/v1\/picture-links\/[0-9a-f]{64}$/)
    const opened = (): Promise<Response> => running.get(new URL(link).pathname)
    const notYet = await opened()
    expect([notYet.status, await notYet.text()]).toEqual([404, expect.stringContaining('no-picture-yet')])
    await announce(picture, { alarm: 'sos-1' })
    // Its bytes are on the way: the link waits for them, and the page of a person loads itself again.
    const page = await fetch(new URL(new URL(link).pathname, running.centre.httpUrl), {
      headers: { Accept: 'text/html,*/*' },
    })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await page.text()).toMatch(/http-equiv="refresh".*尚无图片 No picture yet/s)
    await sendWhole(picture)
    const both = await Promise.all([opened(), opened()])
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409])
    const good = both.find(({ status }) => status === 200)
    expect(hashOf(Buffer.from((await good?.arrayBuffer()) ?? new ArrayBuffer()))).toBe(picture.sha256)
    expect((await running.get(`/api/v1/picture-links/${'0'.repeat(64)}`)).status).toBe(404)
    const { looks } = (await (await running.get('/api/v1/looks', chen)).json()) as LooksAnswer
    expect(looks.map(({ who, sha256 }) => [who, sha256])).toEqual([['link:police', picture.sha256]])
    const admin = running.token('admin', 'boss')
    await until(async () => {
      const security = await (await running.get('/api/v1/security', admin)).text()
      return security.includes('picture-link-made') && security.includes('link:police')
    })
  })

  test('is deleted after its term, unless its alarm is still open', async () => {
    const [loose, held] = [makePicture(1), makePicture(2)]
    await box.report('red', 1, [makeAlarm(500, 'raised')])
    await announce(loose)
    await announce(held, { alarm: 'sos-1' })
    await sendWhole(loose)
    await sendWhole(held)
    await stop()
    await start({}, 31 * dayMs)
    await until(() => !existsSync(fileOf(loose.sha256)))
    expect((await get(loose.sha256)).status).toBe(404)
    expect((await get(held.sha256)).status).toBe(200)
    expect(existsSync(fileOf(held.sha256))).toBe(true)
  })

  test('makes room for newer ones of its box above the quota, oldest first', async () => {
    await stop()
    await start({ pictures: { boxQuotaMegabytes: 1 } })
    const three = [1, 2, 3].map((seed) => makePicture(seed, 450_000))
    for (const picture of three) {
      await announce(picture)
      await sendWhole(picture)
    }
    await until(() => !existsSync(fileOf(three[0]?.sha256 ?? '')))
    expect((await pictures()).map(({ full }) => full.state)).toEqual(['gone', 'here', 'here'])
  })

  test('goes when a person has it deleted at the box, but stays when only the box ran out of room', async () => {
    const [kept, erased] = [makePicture(1), makePicture(2)]
    for (const picture of [kept, erased]) {
      await announce(picture)
      await sendWhole(picture)
    }
    const gone = (picture: Picture, reason: string) =>
      log('snapshot-deleted', { snapshot: picture.sha256.slice(0, 12), reason })
    await box.report('routine', (numbers.get('box-a') ?? 0) + 1, [gone(kept, 'quota'), gone(erased, 'asked')])
    await until(() => !existsSync(fileOf(erased.sha256)))
    expect((await get(erased.sha256)).status).toBe(404)
    expect((await get(kept.sha256)).status).toBe(200)
  })
})
