// Do the listeners for pushes and recorders confirm only what is stored, keep strangers out, and bound what they read?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sl651Schema } from '../../../../../gateway/config/bus-settings.ts'
import type { BridgeSettings } from '../../../../../gateway/config/bridge-settings.ts'
import type { DialectIntake } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import { PushListener } from '../../../../../gateway/dialects/box/push-listener.ts'
import { RecorderListener } from '../../../../../gateway/dialects/box/recorder-listener.ts'
import { frameBytesMax } from '../../../../../gateway/dialects/sl651/frame.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'

const logger = pino({ level: 'silent' })
const clock = createSystemClock()
let folder: string
let stop: () => Promise<void> = () => Promise.resolve()
let isKept = true
let taken: string[] = []
const dialects = {
  isListed: () => true,
  take: (
    bridge: string,
    message: { topic: string; payload: Uint8Array },
    answer: { kept(reply?: Uint8Array): void; refused(error: Error): void },
  ) => {
    taken.push(`${bridge} ${message.topic} ${Buffer.from(message.payload).toString()}`)
    if (isKept) answer.kept(undefined)
    else answer.refused(new Error('disk full'))
    return true
  },
} as unknown as DialectIntake

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-listeners-'))
  writeFileSync(join(folder, 'token'), 'right\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  await stop()
  isKept = true
  taken = []
})

describe('pushes', () => {
  const push = async (path: string, body: string, token = 'right', method = 'POST'): Promise<number> => {
    const listener = new PushListener({
      settings: { host: '127.0.0.1', port: 0 },
      bridges: [{ id: 'vendor', tokenFile: join(folder, 'token'), payloadBytes: 100 } as BridgeSettings],
      dialects,
      clock,
      logger,
    })
    stop = () => listener.stop()
    const url = `http://127.0.0.1:${await listener.start()}${path}`
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(url, { method, headers, ...(method === 'POST' ? { body } : {}) })
    return answer.status
  }

  it('answers 200 once it is stored, with the rest of the path as its topic', async () => {
    expect(await push('/push/vendor/a/%E9%97%A8?x=1', '{"on":1}')).toBe(200)
    expect(taken).toEqual(['vendor a/门 {"on":1}'])
  })

  it('answers 503 when it could not be stored, so that the platform sends it again', async () => {
    isKept = false
    expect(await push('/push/vendor/a', '{}')).toBe(503)
  })

  it.each([
    ['a wrong token', '/push/vendor/a', '{}', 'wrong', 'POST', 401],
    ['an unknown bridge', '/push/other/a', '{}', 'right', 'POST', 401],
    ['a page of a browser', '/push/vendor/a', '', 'right', 'GET', 405],
    ['a path that is no text', '/push/vendor/%FF', '{}', 'right', 'POST', 400],
    ['more bytes than the bridge may send', '/push/vendor/a', 'x'.repeat(101), 'right', 'POST', 413],
  ])('stores nothing of %s', async (_name, path, body, token, method, status) => {
    expect(await push(path, body, token, method)).toBe(status)
    expect(taken).toEqual([])
  })
})

describe('recorders', () => {
  /** True when the listener ended the connection. */
  const isEnded = async (bytes: Uint8Array): Promise<boolean> => {
    const listener = new RecorderListener({
      id: 'recorders',
      settings: sl651Schema.parse({ host: '127.0.0.1', port: 0 }),
      dialects,
      clock,
      logger,
    })
    const port = await listener.start()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const ended = new Promise<boolean>((resolve) => socket.on('close', () => resolve(true)))
    stop = async () => {
      socket.destroy()
      await listener.stop()
      await listener.stop()
    }
    socket.write(bytes)
    return Promise.race([ended, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300))])
  }

  it('waits for the rest of a frame', async () => {
    expect(await isEnded(Buffer.from([0x7e, 0x7e, 0x01]))).toBe(false)
    expect(taken).toEqual([])
  })

  it('reads thousands of reports in one segment a few in a turn, also when each is answered at once', async () => {
    const report =
      '7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421'
    const frames = 5000
    let [most, before, isOver] = [0, 0, false]
    const count = (): void => {
      most = Math.max(most, taken.length - before)
      before = taken.length
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    expect(await isEnded(Buffer.from(report.repeat(frames), 'hex'))).toBe(false)
    while (taken.length < frames) await new Promise((resolve) => setTimeout(resolve, 5))
    isOver = true
    // Those of a segment that arrives, and of the turn that was set for the one before.
    expect(most).toBeLessThanOrEqual(32)
  })

  it('ends a connection with more bytes than a frame has, and no frame in them', async () => {
    const bytes = Buffer.alloc(frameBytesMax + 100, 0x7e)
    expect(await isEnded(bytes)).toBe(true)
    expect(taken).toEqual([])
  })
})
