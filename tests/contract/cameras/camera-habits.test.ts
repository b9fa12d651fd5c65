// Cameras with one habit each, with our client over real sockets: is there a picture, an event, or a plain reason?
import { connect } from 'node:net'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { habitGroups } from '../../../firmware-sim/camera/habits/all-habits.ts'
import { eventHabits } from '../../../firmware-sim/camera/habits/event-habits.ts'
import { account } from '../../../firmware-sim/camera/habits/habit.ts'
import { OnvifCamera, type OnvifHabit } from '../../../firmware-sim/camera/habits/onvif-camera.ts'
import { clockHabits, mediaHabits, pageRefuses } from '../../../firmware-sim/camera/habits/onvif-habits.ts'
import { PageCamera } from '../../../firmware-sim/camera/habits/page-camera.ts'
import { framingHabits, signInHabits } from '../../../firmware-sim/camera/habits/page-habits.ts'
import { pictureHabits } from '../../../firmware-sim/camera/habits/picture-habits.ts'
import { StreamCamera, streamPacket } from '../../../firmware-sim/camera/habits/stream-camera.ts'
import { streamHabits } from '../../../firmware-sim/camera/habits/stream-habits.ts'
import { drawScene } from '../../../firmware-sim/camera/scene.ts'
import { workPicture } from '../../../gateway/cameras/pictures/picture-work.ts'
import { CameraClient } from '../../../gateway/cameras/talk/camera-client.ts'
import { CameraAuth } from '../../../gateway/cameras/talk/http/http-auth.ts'
import { readingsOf } from '../../../gateway/cameras/talk/onvif/event-readings.ts'
import { Ffmpeg } from '../../../gateway/cameras/talk/stream/ffmpeg-run.ts'
import { toBaseline } from '../../../gateway/cameras/talk/stream/rtsp-frame.ts'
import { RtspRelay } from '../../../gateway/cameras/talk/stream/rtsp-relay.ts'
import { Slots } from '../../../gateway/cameras/process/slots.ts'
import { cameraSettingsSchema } from '../../../gateway/config/camera-settings.ts'
import { createSystemClock, type Clock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'

const picture = Buffer.from(
  drawScene({ atMs: 0, waterLevelMm: 500, isDoorOpen: false, isDark: false, isCovered: false }),
)
const random = createSystemRandom()
const system = createSystemClock()
/** Noon, so that one hour more or less is the same day. */
const offsetMs = Date.UTC(2026, 5, 15, 12) - system.wallMs()
const clock: Clock = { ...system, wallMs: () => system.wallMs() + offsetMs }
const signal = new AbortController().signal
let stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()))
  stops = []
})

function clientOf(port: number, settings: object, password = account.password): CameraClient {
  return new CameraClient({
    settings: cameraSettingsSchema.parse({ id: 'cam', zone: 'z', host: '127.0.0.1', port, ...settings }),
    credentials: { user: account.user, password },
    pin: { get: () => undefined, set: () => undefined },
    clock,
    random,
    ffmpeg: new Ffmpeg({ clock }),
    streamSlots: new Slots({ atOnceMax: 1, waitingMax: 1 }),
  })
}

async function openOnvif(habit: OnvifHabit): Promise<{ camera: OnvifCamera; client: CameraClient }> {
  const camera = new OnvifCamera(habit, picture, () => clock.wallMs())
  stops.push(() => camera.stop())
  return { camera, client: clientOf(await camera.start(), {}, habit.password) }
}

const codeOf = (error: unknown): string => (error as { code: string }).code

describe('a snapshot page', () => {
  it.each([...signInHabits, ...framingHabits])('$name', async (habit) => {
    const camera = new PageCamera(habit, picture)
    stops.push(() => camera.stop())
    const port = await camera.start()
    const client = clientOf(port, {
      onvif: false,
      snapshotPath: '/snap.jpg',
      ...(habit.auth ? { auth: habit.auth } : {}),
    })
    const found = await client.fetch('http', signal).then((raw) => Buffer.from(raw.bytes), codeOf)
    expect(found).toEqual(habit.problem ?? picture)
  })

  it('that knows Digest gets no password in plain text when it asks for it later, unless that is configured', async () => {
    let asksForBasic = false
    const heard: string[] = []
    const [digestHabit] = signInHabits.filter(({ name }) => name === 'refusal-without-end')
    const camera = new PageCamera(
      {
        serve: (request, answer, bytes) => {
          heard.push(request.headers['authorization'] ?? '')
          if (!asksForBasic) return digestHabit?.serve(request, answer, bytes)
          answer.end(
            'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="cam"\r\nContent-Length: 0\r\n\r\n',
          )
        },
      },
      picture,
    )
    stops.push(() => camera.stop())
    const client = clientOf(await camera.start(), { onvif: false, snapshotPath: '/snap.jpg' })
    await client.fetch('http', signal)
    asksForBasic = true
    expect(await client.fetch('http', signal).catch(codeOf)).toBe('basic-refused')
    expect(heard.filter((header) => header.startsWith('Basic'))).toEqual([])
  })
})

describe('ONVIF', () => {
  it.each([...clockHabits, ...mediaHabits])('$name', async (habit) => {
    const { camera, client } = await openOnvif(habit)
    expect(await client.sources(signal)).toContain('http')
    expect(client.facts?.snapshot?.path).toBe('/snapshot.jpg')
    expect(Buffer.from((await client.fetch('http', signal)).bytes)).toEqual(picture)
    // A refused source is not tried again: later requests sign with the one that worked.
    const refused = camera.refused
    await client.check(signal)
    expect(camera.refused).toBe(refused)
    expect(refused).toBeLessThanOrEqual(4)
  })

  it('tries a wrong password once where the clock is right, and names the clock where it is not', async () => {
    const { camera } = await openOnvif({ ...pageRefuses, isSigned: true })
    const wrong = clientOf(Number(new URL(`http://${addressOf(camera)}`).port), {}, 'wrong')
    expect(await wrong.sources(signal).catch(codeOf)).toBe('wrong-password')
    expect(camera.refused).toBe(1)
    const late = await openOnvif({ ...pageRefuses, isSigned: true, clockMs: -7_200_000 })
    const other = clientOf(Number(new URL(`http://${addressOf(late.camera)}`).port), {}, 'wrong')
    expect(await other.sources(signal).catch((error: unknown) => error)).toMatchObject({
      code: 'wrong-clock',
      detail: expect.stringMatching(/^-7\d{3} s$/) as string,
    })
  })

  it('whose snapshot page does not take the account leads to the stream, and is left alone', async () => {
    const { client } = await openOnvif(pageRefuses)
    expect(await client.sources(signal)).toEqual(['http', 'rtsp'])
    expect(await client.fetch('http', signal).catch((error: unknown) => error)).toMatchObject({
      code: 'snapshot-refused',
      isRetryable: true,
    })
    expect(await client.sources(signal)).toEqual(['rtsp'])
  })

  it.each(eventHabits)('events: $name', async (habit) => {
    const { client } = await openOnvif(habit)
    const events = client.openEvents()
    const subscription = await events.subscribe(signal, 5000)
    const { messages } = await events.pull(subscription, 60_000, signal)
    expect(messages.map(readingsOf)).toEqual([{ motion: true }])
    await events.renew(subscription, signal, 5000)
    await events.unsubscribe(subscription, signal, 5000)
  })
})

const addressOf = (camera: OnvifCamera): string => camera.address

describe('a stream', () => {
  it.each(streamHabits)('$name', async (habit) => {
    const camera = new StreamCamera(habit)
    stops.push(() => camera.stop())
    const port = await camera.start()
    const auth = new CameraAuth({ ...account, mode: 'auto', random })
    const relay = new RtspRelay({ host: '127.0.0.1', port, path: '/live', auth, random })
    const url = await relay.open()
    stops.push(() => relay.close())
    expect(await play(url)).toEqual(streamPacket)
    expect(relay.problem).toBeUndefined()
  })
})

/** The first interleaved packet that a player gets; it reads as strictly as the standard allows. */
function play(url: string): Promise<Buffer> {
  const { port } = new URL(url)
  const methods = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let pending: Buffer = Buffer.alloc(0)
    let asked = 0
    const ask = (): void => {
      const transport = methods[asked] === 'SETUP' ? 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n' : ''
      socket.write(`${methods[asked]} ${url} RTSP/1.0\r\nCSeq: ${++asked}\r\n${transport}\r\n`)
    }
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${methods[asked - 1]}`)))
    socket.once('connect', ask)
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      if (asked === methods.length && pending[0] === 0x24 && pending.length >= streamPacket.length) {
        resolve(pending.subarray(0, streamPacket.length))
        return void socket.destroy()
      }
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = pending.subarray(0, end).toString('latin1')
      pending = pending.subarray(end + 4)
      if (!text.startsWith('RTSP/1.0 200')) return reject(new Error(text))
      if (asked < methods.length) ask()
      else socket.emit('data', Buffer.alloc(0))
    })
  })
}

describe('a picture', () => {
  const plain = workPicture(picture, [])
  const ffmpeg = new Ffmpeg({ clock: createSystemClock() })

  it.each(pictureHabits.filter(({ gives }) => gives === 'same'))('$name', ({ make }) => {
    const worked = workPicture(make(picture), [])
    if (!plain.ok || !worked.ok) throw new Error(JSON.stringify(worked))
    expect(worked.picture.light).toEqual(plain.picture.light)
    // The stored picture is complete for every decoder.
    const again = workPicture(worked.picture.full, [])
    expect(again.ok && again.picture.full).toEqual(worked.picture.full)
    expect([...worked.picture.full.subarray(-2)]).toEqual([0xff, 0xd9])
  })

  it.each(pictureHabits.filter(({ gives }) => gives === 'as-large' || gives === 'turned'))(
    '$name',
    async ({ make, gives }) => {
      const odd = make(picture)
      expect(workPicture(odd, [])).toEqual({ ok: false, code: 'not-baseline' })
      const worked = workPicture(await toBaseline(ffmpeg, odd, { deadlineMs: 60_000, signal }), [])
      if (!plain.ok || !worked.ok) throw new Error(JSON.stringify(worked))
      const { width, height } = plain.picture
      expect(worked.picture).toMatchObject(
        gives === 'turned' ? { width: height, height: width } : { width, height },
      )
    },
    120_000,
  )

  it('cut anywhere is still no picture', () => {
    for (let length = picture.length - 3; length > picture.length / 2; length -= 997)
      expect(workPicture(picture.subarray(0, length), []).ok).toBe(false)
  })
})

describe('the table of cameras that were tried', () => {
  it.each(['en', 'zh'] as const)('is that of the simulated habits: %s', (language) => {
    const file = new URL(
      `../../../docs/cameras-that-were-tried${language === 'zh' ? '.zh' : ''}.md`,
      import.meta.url,
    )
    const rows = habitGroups.flatMap((group) => [
      `## ${group[language]}`,
      ...group.habits.map(
        (habit) => `| \`${habit.name}\` | ${habit.does[language]} | ${habit.we[language]} |`,
      ),
    ])
    const shown = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => /^(## |\| `)/.test(line))
        .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    if (process.env['WRITE_DOCS']) writeFileSync(file, documentOf(language))
    expect(shown(readFileSync(file, 'utf8'))).toEqual(rows)
  })
})

function documentOf(language: 'en' | 'zh'): string {
  const words = {
    en: [
      '# Cameras that were tried',
      'Each line is something that real firmware does differently. A simulated camera in `firmware-sim/camera/habits` has it as a knob, and a',
      'test runs our client against it. This table is made of those knobs: `WRITE_DOCS=1 npx vitest run tests/contract/cameras/camera-habits.test.ts`.',
      '| Habit | What the camera does | What we do about it, and why |',
    ],
    zh: [
      '# 试过的摄像机',
      '每一行都是真实固件与众不同的一个地方。`firmware-sim/camera/habits` 里有一个模拟摄像机照样做，并由测试检验我们的程序怎样应对。',
      '本表由这些模拟生成：`WRITE_DOCS=1 npx vitest run tests/contract/cameras/camera-habits.test.ts`。',
      '| 习惯 | 摄像机怎样做 | 我们怎样应对，为什么 |',
    ],
  }[language]
  const [title, first, second, head] = words
  const groups = habitGroups.map(
    (group) =>
      `## ${group[language]}\n\n${head}\n| --- | --- | --- |\n` +
      group.habits
        .map((habit) => `| \`${habit.name}\` | ${habit.does[language]} | ${habit.we[language]} |`)
        .join('\n'),
  )
  return `${title}\n\n${first}\n${second}\n\n${groups.join('\n\n')}\n`
}
