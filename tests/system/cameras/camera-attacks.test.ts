// What can a camera under an attacker's control do to the box? It must not block its thread, lead it to another host,
// exhaust its memory, or fill its journal.
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { CameraKnobs } from '../../../firmware-sim/camera/knobs.ts'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import { isForeign, lookupCamera } from '../../../gateway/cameras/talk/camera-lookup.ts'
import { Ffmpeg } from '../../../gateway/cameras/talk/stream/ffmpeg-run.ts'
import { HttpReader } from '../../../gateway/cameras/talk/http/http-reader.ts'
import { parseSoap } from '../../../gateway/cameras/talk/onvif/soap-envelope.ts'
import { parseSoapXml, xmlOf } from '../../../gateway/cameras/talk/onvif/soap-xml.ts'
import { toBaseline } from '../../../gateway/cameras/talk/stream/rtsp-frame.ts'
import { RtspReader } from '../../../gateway/cameras/talk/stream/rtsp-message.ts'
import { workPicture } from '../../../gateway/cameras/pictures/picture-work.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { openCameraBench, until, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function startCamera(knobs: Partial<CameraKnobs> = {}): Promise<SimulatedCamera> {
  const camera = new SimulatedCamera()
  await camera.start()
  stops.push(() => camera.stop())
  Object.assign(camera.knobs, knobs)
  return camera
}

async function startBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

const settings = (port: number, change: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'cam-1',
  host: '127.0.0.1',
  port,
  zone: 'bridge',
  ringSeconds: 0,
  healthSeconds: 3600,
  ...change,
})

/** A listener on an address that is not the camera's; counts its connections. */
async function startOther(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((socket) => {
    asked.push('asked')
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  stops.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { port: (server.address() as AddressInfo).port, asked }
}

async function startHttp(listener: RequestListener): Promise<number> {
  const server = createHttp(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  })
  return (server.address() as AddressInfo).port
}

describe('XML', () => {
  const big = (text: string): string => text.repeat(Math.floor(1_000_000 / text.length))
  const inside = (text: string): string => `<s:Envelope><s:Body>${text}</s:Body></s:Envelope>`
  // A megabyte of each; a parser with quadratic patterns would take hours.
  const hostile: [string, string][] = [
    ['tags that never end', big('<')],
    ['names that never end', inside(`<a ${big('b')}/>`)],
    ['attributes without values', inside(`<a ${big('b= ')}/>`)],
    ['quotes in quotes', inside(`<a ${big("'\"' b=")}/>`)],
    ['name spaces without end', inside(big('xmlns'))],
    ['times that never end', inside(big('<CurrentTime '))],
    ['times full of space', inside(`<CurrentTime>${big(' ')}`)],
    ['depth', inside(big('<a>'))],
    ['breadth', inside(big('<a/>'))],
    ['comments in comments', inside(big('<!--'))],
    ['entities', inside(big('&#'))],
  ]
  for (const [name, xml] of hostile) {
    it(`with ${name} is answered or refused, and holds up nobody`, () => {
      expect(() => parseSoap(xml)).not.toThrow()
    })
  }

  it('makes no entity grow, and no object out of a prototype', () => {
    const bomb =
      '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' +
      inside('<a>&b;&b;</a>')
    expect(parseSoap(bomb)).toBeUndefined()
    const odd = parseSoapXml(inside('<__proto__ polluted="1" __proto__="2"/><a>&b;</a>'))
    expect(odd && xmlOf(odd)).toBe(
      '<s:Envelope><s:Body><__proto__ polluted="1" __proto__="2"></__proto__><a>&amp;b;</a></s:Body></s:Envelope>',
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('that is no answer gives a plain reason, also when it echoes the sign-in', async () => {
    const port = await startHttp((_, response) => {
      response.end(
        inside(
          '<s:Fault><s:Reason><s:Text>user admin, password hunter-2 is odd</s:Text></s:Reason></s:Fault>',
        ),
      )
    })
    const bench = await startBench([settings(port, { user: 'admin', passwordFile: import.meta.filename })])
    const taken = await bench.cameras.take('cam-1', 'li')
    expect(taken).toMatchObject({ ok: false, reason: { code: 'onvif-fault' } })
    expect(JSON.stringify([taken, bench.facts, bench.log])).not.toContain('hunter-2')
  })
})

describe('a stream', () => {
  for (const at of ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY'] as const) {
    it(`that sends elsewhere at ${at} leads nobody there`, async () => {
      const other = await startOther()
      const camera = await startCamera({
        hasNoSnapshot: true,
        streamRedirect: { at, to: `rtsp://127.0.0.2:${other.port}/main` },
      })
      const bench = await startBench([settings(camera.port)])
      expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({
        ok: false,
        reason: { code: 'foreign-host' },
      })
      expect(other.asked).toEqual([])
    })
  }

  it('that is no RTSP, or never stops talking before its first answer, has a plain reason', async () => {
    for (const garbage of [
      'SSH-2.0-dropbear\r\n\r\n',
      'x'.repeat(100_000),
      'RTSP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n',
    ]) {
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy())
        socket.resume()
        socket.write(garbage)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      stops.push(() => new Promise((resolve) => server.close(() => resolve())))
      const rtspPort = (server.address() as AddressInfo).port
      const bench = await startBench([settings(80, { onvif: false, streamPath: '/main', rtspPort })])
      expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({
        ok: false,
        reason: { code: 'bad-rtsp' },
      })
      await bench.stop()
    }
  }, 80_000)

  it('is cut into the same pieces wherever the network cuts it', () => {
    const bytes = Buffer.concat([
      Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello'),
      Buffer.from([0x24, 0, 0, 3, 1, 2, 3]),
      Buffer.from('RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n\r\n'),
    ])
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new RtspReader()
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) => {
        reader.push(part)
        const found = []
        for (let piece = reader.next(); piece; piece = reader.next()) found.push(piece.kind)
        return found
      })
      expect(pieces).toEqual(['message', 'packet', 'message'])
    }
  })
})

describe('pictures', () => {
  /** A picture of the given size with a header and almost no data. */
  function hollow(width: number, height: number, isProgressive: boolean): Buffer {
    const size = Buffer.alloc(4)
    size.writeUInt16BE(height, 0)
    size.writeUInt16BE(width, 2)
    const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
    return Buffer.concat([
      hex(`ff d8 ff db 00 43 00 ${'01'.repeat(64)} ff ${isProgressive ? 'c2' : 'c0'} 00 11 08`),
      size,
      hex(`03 01 22 00 02 11 00 03 11 00 ff c4 00 14 00 01 ${'00'.repeat(15)} 00`),
      hex('ff da 00 0c 03 01 00 02 00 03 00 00 00 00'),
      Buffer.alloc(2000),
      hex('ff d9'),
    ])
  }

  it('of a size that no camera has are refused before they are decoded, by us and by ffmpeg', async () => {
    expect(workPicture(hollow(65_500, 65_500, false), [])).toEqual({ ok: false, code: 'too-many-pixels' })
    expect(workPicture(hollow(15_000, 15_000, true), [])).toEqual({ ok: false, code: 'not-baseline' })
    const ffmpeg = new Ffmpeg({ clock: createSystemClock() })
    const limits = { deadlineMs: 60_000, signal: new AbortController().signal }
    // Decoded, it would take a gigabyte: ffmpeg is not even started.
    const refused = toBaseline(ffmpeg, hollow(15_000, 15_000, true), limits)
    expect(ffmpeg.running).toBe(0)
    await expect(refused).rejects.toMatchObject({ code: 'picture-too-large' })
  })

  it('in a body of one-byte chunks, or behind early answers without end, are refused', () => {
    const chunked = new HttpReader(4 * 1024 * 1024)
    chunked.push(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
    const bytes = Buffer.from('1\r\nx\r\n'.repeat(10_000))
    expect(() => {
      for (let i = 0; i < 100; i++) chunked.push(bytes)
    }).toThrow('too large')
    const early = new HttpReader(1000)
    expect(() => early.push(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)))).toThrow('not HTTP')
  })

  it('one after the other without end, from a snapshot address: the first is taken', async () => {
    const camera = await startCamera({ endless: 'parts' })
    const bench = await startBench([settings(camera.port)])
    const taken = await bench.cameras.take('cam-1', 'li')
    expect(taken).toMatchObject({ ok: true, snapshot: { source: 'http', full: { width: 640, height: 352 } } })
  })
})

describe('addresses', () => {
  it('of names that lead to the box itself are refused, in every way of writing them', async () => {
    for (const own of [
      '127.0.0.1',
      '127.8.9.1',
      '0.0.0.0',
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '239.1.1.1',
      'ff02::1',
    ])
      expect([own, isForeign(own)]).toEqual([own, false])
    for (const other of ['192.168.1.64', '10.0.0.9', 'fe80::1', 'fd00::5', '169.254.3.4'])
      expect([other, isForeign(other)]).toEqual([other, true])
    // Not an address for Node, so it counts as a name; the system resolves it to 127.0.0.1.
    const refused = await new Promise((resolve) => lookupCamera('127.1', { all: true }, resolve))
    expect(refused).toMatchObject({ code: 'own-address' })
    const meant = await new Promise((resolve) => lookupCamera('localhost', { all: true }, resolve))
    expect(meant).toBeNull()
  })

  it('that an HTTP answer redirects to are not asked, neither another host nor the box by another name', async () => {
    const other = await startOther()
    for (const to of [
      `http://127.0.0.2:${other.port}/`,
      `http://localhost:${other.port}/`,
      `//127.0.0.2:${other.port}/x`,
    ]) {
      const port = await startHttp((_, response) => response.writeHead(302, { location: to }).end())
      const bench = await startBench([settings(port, { onvif: false, snapshotPath: '/now.jpg' })])
      expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ reason: { code: 'foreign-host' } })
      await bench.stop()
    }
    expect(other.asked).toEqual([])
  })
})

describe('events', () => {
  it('beyond the bound of a camera are counted and not handed on', async () => {
    const camera = await startCamera()
    for (let i = 0; i < 150; i++)
      camera.notify('RuleEngine/CellMotionDetector/Motion', 'IsMotion', i % 2 === 0)
    const bench = await startBench([settings(camera.port, { events: true })])
    const dropped = async (): Promise<number> =>
      (await bench.registry.getSingleMetric('gengfu_camera_events_dropped_total')?.get())?.values[0]?.value ??
      0
    let count = 0
    const counting = setInterval(() => void dropped().then((value) => (count = value)), 50)
    stops.push(async () => clearInterval(counting))
    await until(() => count + bench.events.length >= 150, 'all events', 15_000)
    expect(bench.events.length).toBeGreaterThanOrEqual(60)
    expect(bench.events.length).toBeLessThan(100)
  }, 80_000)
})
