// Question: what does the centre do with a box that does not read, a desk that reads too slowly, a client that guesses
// passwords, and an impossible configuration?
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { parseCentreConfig } from '../../../centre/config/config.ts'
import { findInsecureSettings } from '../../../centre/config/insecure-settings.ts'
import { checkCentreConfig } from '../../../centre/config/load-config.ts'
import { unsentBytesMax } from '../../../centre/receiver/connections/box-sessions.ts'
import { UplinkBroker } from '../../../centre/receiver/uplink-broker.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'

let folder: string
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => dropFolder(folder))

describe('a box that reads nothing', () => {
  it('is disconnected once its limit is unsent, and another box still gets its messages', async () => {
    const registry = new Registry()
    let subscriptions = 0
    const broker = new UplinkBroker({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      isAnonymousAllowed: true,
      onSpoke: () => undefined,
      onShutOut: () => undefined,
      clock: createSystemClock(),
      logger: pino({ level: 'silent' }),
      registry,
      onReport: (_box, _channel, _topic, _payload, done) => done(),
      onResult: async () => {},
      onPicture: () => undefined,
      onHeartbeat: () => {},
      onUnstored: () => Promise.resolve(),
      onSubscribed: () => subscriptions++,
    })
    await broker.start()
    const url = broker.urls[0] ?? ''
    const open = (clientId: string) => connect(url, { clientId, reconnectPeriod: 0 })
    const [frozen, well] = [open('box-frozen'), open('box-well')]
    let heard = 0
    well.on('message', () => heard++)
    try {
      await frozen.subscribeAsync('down/box-frozen/receipt')
      await well.subscribeAsync('down/box-well/receipt')
      await until(() => subscriptions === 2)
      ;(frozen.stream as unknown as { pause(): void }).pause()
      const payload = Buffer.alloc(16 * 1024, 'x')
      let sent = 0
      // The system's own buffers take some megabytes before data waits here.
      while (broker.publish('box-frozen', 'receipt', payload, 0) && sent < 4000) {
        broker.publish('box-well', 'receipt', Buffer.from('{}'), 0)
        sent += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(sent).toBeGreaterThan(unsentBytesMax / payload.length)
      expect(sent).toBeLessThan(4000)
      await until(() => heard === sent)
      const refused = await registry.getSingleMetricAsString('gengfu_centre_uplink_refused_total')
      expect(refused).toContain('reason="reads-nothing"} 1')
      await until(async () =>
        (await registry.getSingleMetricAsString('gengfu_centre_boxes_connected')).endsWith(' 1'),
      )
    } finally {
      frozen.end(true)
      well.end(true)
      await broker.stop()
    }
  })
})

describe('a desk that reads too slowly', () => {
  it('is dropped, and another desk gets every change meanwhile', async () => {
    const running = await startCentre(folder)
    const url = `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`
    const headers = { authorization: `Bearer ${running.token()}` }
    const subscribers = async (): Promise<number> => {
      const metric = await running.centre.registry.getSingleMetricAsString('gengfu_centre_stream_subscribers')
      return Number(metric.split(' ').at(-1))
    }
    const [slow, quick] = [new WebSocket(url, { headers }), new WebSocket(url, { headers })]
    slow.on('error', () => {})
    const seen = new Set<string>()
    quick.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; alarm?: { id: string } }
      if (message.alarm) seen.add(message.alarm.id)
    })
    const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
    try {
      await until(async () => (await subscribers()) === 2 && slow.readyState === WebSocket.OPEN)
      slow.pause()
      const text = { zh: '长'.repeat(2000), en: 'x'.repeat(2000) }
      let sent = 0
      while ((await subscribers()) === 2 && sent < 4000) {
        const records = Array.from({ length: 20 }, (_, i) =>
          makeAlarm(sent + i + 1, 'raised', { id: `sos-${sent + i}`, text }),
        )
        await box.report('red', sent + 1, records)
        sent += records.length
        // Both desks and the centre share this test's thread: the fast one gets time to be fast.
        await until(() => seen.size === sent)
      }
      expect(await subscribers()).toBe(1)
      await until(() => seen.size === sent)
    } finally {
      await box.end()
      slow.terminate()
      quick.terminate()
      await running.centre.stop()
    }
  }, 80_000)
})

describe('a desk that catches up over a thin line', () => {
  it('gets everything it missed, in order, although it reads slower than data waits for it', async () => {
    const running = await startCentre(folder)
    const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
    const text = { zh: '长'.repeat(2000), en: 'x'.repeat(2000) }
    // 12 MB: more than the limit of the centre and the buffers of both sockets hold together.
    const total = 1500
    for (let sent = 0; sent < total; sent += 100)
      await box.report(
        'red',
        sent + 1,
        Array.from({ length: 100 }, (_, i) =>
          makeAlarm(sent + i + 1, 'raised', { id: `sos-${sent + i}`, text }),
        ),
      )
    await box.end()
    const url = `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream?after=0`
    const desk = new WebSocket(url, { headers: { authorization: `Bearer ${running.token()}` } })
    // Each alarm and its case.
    const positions: number[] = []
    let alarms = 0
    let isClosed = false
    desk.on('close', () => (isClosed = true))
    desk.on('message', (data: Buffer) => {
      const { type, position } = JSON.parse(data.toString()) as { type: string; position: string }
      if (type === 'alarm.raised' || type === 'case.opened') positions.push(Number(position))
      if (type === 'alarm.raised') alarms++
      // From time to time the connection stands still for a while.
      if (positions.length % 300 === 1) {
        desk.pause()
        setTimeout(() => desk.resume(), 300)
      }
    })
    try {
      await until(() => positions.length === 2 * total || isClosed)
      expect(alarms).toBe(total)
      expect(positions).toEqual(Array.from({ length: 2 * total }, (_, i) => (positions[0] ?? 0) + i))
    } finally {
      desk.terminate()
      await running.centre.stop()
    }
  }, 240_000)
})

describe('a configuration of the centre', () => {
  const problemsOf = (config: unknown): string[] => {
    const file = join(folder, 'centre.yaml')
    writeFileSync(file, JSON.stringify(config))
    return checkCentreConfig(file).problems.map(({ path }) => path)
  }
  const listener = { host: '127.0.0.1', port: 0 }

  it('is valid with a data folder alone', () => {
    expect(problemsOf({ dataDir: 'data' })).toEqual([])
  })

  it('names every conflict at once', () => {
    const boxes = ['upper-brook', 'lower-brook', 'upper-brook'].map((id) => ({ id, name: id }))
    expect(
      problemsOf({
        dataDir: 'data',
        uplink: { listeners: [listener, { host: '0.0.0.0', port: 1883 }] },
        storage: { url: 'postgres://gengfu:secret@db/town' },
        boxes,
      }),
    ).toEqual(['uplink.listeners.1', 'storage.url', 'boxes.2.id'])
    expect(problemsOf({ dataDir: 'data', storage: { url: 'mysql:x' } })).toEqual(['storage.url'])
    const two = 'postgres://gengfu@db-1,db-2:5433/town'
    expect(problemsOf({ dataDir: 'data', storage: { url: two } })).toEqual(['storage.caFile'])
    const { pathname } = new URL(import.meta.url)
    expect(problemsOf({ dataDir: 'data', storage: { url: two, caFile: pathname } })).toEqual([])
    expect(problemsOf({ dataDir: 'data', storage: { url: 'postgres://gengfu@127.0.0.1/town' } })).toEqual([])
  })

  it('resolves paths relative to the file, not to the working directory', () => {
    mkdirSync(join(folder, 'keys'))
    const uplink = { listeners: [listener], passwordFile: 'keys/passwords' }
    expect(problemsOf({ dataDir: 'data', uplink })).toEqual(['uplink.passwordFile'])
    writeFileSync(join(folder, 'keys', 'passwords'), 'box-a:secret\n')
    expect(problemsOf({ dataDir: 'data', uplink })).toEqual([])
  })

  it('causes a warning when it leaves something open', () => {
    const tls = { certFile: 'c', keyFile: 'k', caFile: 'a' }
    const doors = (config: object): string[] => {
      const parsed = parseCentreConfig({ dataDir: folder, ...config })
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
      return findInsecureSettings(parsed.value).map(({ path }) => path)
    }
    expect(doors({ uplink: { listeners: [listener], anonymous: true } })).toEqual([])
    const off = { host: '0.0.0.0', port: 8883, tls }
    expect(doors({ http: { host: '0.0.0.0' }, uplink: { listeners: [off], anonymous: true } })).toEqual([
      'http.tls',
      'uplink.listeners.0',
    ])
    expect(doors({ uplink: { listeners: [{ ...off, tls: { certFile: 'c', keyFile: 'k' } }] } })).toEqual([
      'uplink.listeners.0.tls',
    ])
    const passwordFile = join(folder, 'passwords')
    writeFileSync(passwordFile, 'box-a:secret\n', { mode: 0o640 })
    chmodSync(folder, 0o700)
    expect(doors({ uplink: { listeners: [off], passwordFile } })).toEqual([])
    chmodSync(passwordFile, 0o644)
    chmodSync(folder, 0o755)
    expect(doors({ uplink: { listeners: [off], passwordFile } })).toEqual(['uplink.passwordFile', 'dataDir'])
    writeFileSync(join(folder, 'centre.yaml'), JSON.stringify({ dataDir: folder, uplink: { passwordFile } }))
    expect(checkCentreConfig(join(folder, 'centre.yaml')).warnings).toHaveLength(2)
  })
})
