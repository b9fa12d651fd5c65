// Do the answers of real cameras, as recorded, pass through our session? No address inside them is ever followed.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readingsOf } from '../../../gateway/cameras/talk/onvif/event-readings.ts'
import { CameraAuth } from '../../../gateway/cameras/talk/http/http-auth.ts'
import type { OnvifOptions } from '../../../gateway/cameras/talk/onvif/onvif-caller.ts'
import { OnvifSession } from '../../../gateway/cameras/talk/onvif/onvif-session.ts'
import { PullPoint } from '../../../gateway/cameras/talk/onvif/pull-point.ts'
import { parseSoap } from '../../../gateway/cameras/talk/onvif/soap-envelope.ts'
import { parseProbeMatches } from '../../../gateway/cameras/talk/onvif/ws-discovery.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'

interface Recorded {
  responses: { name: string; xml: string }[]
}

let recorded: Map<string, string>
let server: Server
let port = 0
const asked: string[] = []
/** Operations that this camera refuses with another recorded answer. */
const instead = new Map<string, string>()
/** Other differences in an answer. */
let rewrite = (xml: string): string => xml

/** The remaining parts of the templates are conditions. */
const plain = (xml: string): string => xml.replace(/\{\{\?.*?\}\}/g, '')

beforeAll(async () => {
  const file = new URL('../../data/onvif/recorded-responses.json', import.meta.url)
  const all = JSON.parse(await readFile(file, 'utf8')) as Recorded
  recorded = new Map(all.responses.map((one) => [one.name, one.xml]))
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      const operation = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? ''
      asked.push(`${request.url} ${operation}`)
      const name = instead.get(operation) ?? operation
      const xml =
        recorded.get(`${name}.xml`) ?? recorded.get(`events.${name}.xml`) ?? recorded.get('Error.xml') ?? ''
      const filled = plain(xml)
        .replaceAll('{{=it.hostname}}', '127.0.0.1')
        .replaceAll('{{=it.port}}', String(port))
        .replaceAll('{{=it.pullPointUrl}}', '/onvif/subscription?Idx=6')
        .replaceAll('{{=new Date().toISOString()}}', '2026-01-01T08:00:00+08:00')
        .replaceAll('{{=new Date(Date.now()+5000).toISOString()}}', '2026-01-01T00:02:00.5+00:00')
      response.writeHead(200, { 'content-type': 'application/soap+xml' })
      response.end(rewrite(filled))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

const session = (): OnvifSession => new OnvifSession(options())

function options(): OnvifOptions {
  const random = createSystemRandom()
  return {
    address: { host: '127.0.0.1', port, isTls: false },
    path: '/onvif/device_service',
    auth: new CameraAuth({ user: 'admin', password: 'x', mode: 'auto', random }),
    pin: { get: () => undefined, set: () => {} },
    clock: createSystemClock(),
    random,
  }
}

const signal = new AbortController().signal

describe('recorded answers', () => {
  it('give a complete probe: identity, profiles, snapshot and stream on the camera itself', async () => {
    const facts = await session().probe(signal, 5000)
    expect(facts.maker).not.toBe('')
    expect(facts.profiles.length).toBeGreaterThan(0)
    expect(facts.snapshot?.address.host).toBe('127.0.0.1')
    expect(facts.snapshot?.path).toMatch(/^\//)
    expect(facts.stream?.path).toMatch(/^\//)
    expect(facts.hasEvents).toBe(true)
    expect(facts.foreignHosts).toContain('192.168.68.111')
  })

  it('of a camera without GetServices lead to its capabilities instead', async () => {
    instead.set('GetServices', 'Error')
    asked.length = 0
    try {
      const facts = await session().probe(signal, 5000)
      expect(facts.profiles.length).toBeGreaterThan(0)
      expect(asked.some((one) => one.endsWith('GetCapabilities'))).toBe(true)
    } finally {
      instead.clear()
    }
  })

  it('of a camera that reports neither its time nor its name still lead to its pictures', async () => {
    const whole = await session().probe(signal, 5000)
    instead.set('GetSystemDateAndTime', 'Error')
    try {
      expect(await session().check(signal, 5000)).toEqual({ clockSkewMs: undefined, isKnown: true })
      instead.set('GetDeviceInformation', 'Error')
      const facts = await session().probe(signal, 5000)
      expect(facts).toEqual({
        ...whole,
        clockSkewMs: undefined,
        maker: '',
        model: '',
        firmware: '',
        serial: '',
      })
      await expect(session().check(signal, 5000)).rejects.toMatchObject({ code: 'onvif-fault' })
      instead.delete('GetSystemDateAndTime')
      expect(await session().check(signal, 5000)).toMatchObject({ isKnown: false })
    } finally {
      instead.clear()
    }
  })

  it('lead to the port that an inner address names, unless it is the port of the device service', async () => {
    const found: unknown[] = []
    for (const [device, snapshot] of [
      ['http://10.0.0.5:80', 'http://10.0.0.5:81'],
      ['http://10.0.0.5', 'http://10.0.0.5:80'],
      ['http://10.0.0.5:81', 'http://10.0.0.5:81'],
      ['http://10.0.0.5:80', 'http://10.0.0.6:81'],
      ['https://10.0.0.5', 'https://10.0.0.5'],
      ['http://10.0.0.5', 'https://10.0.0.5'],
    ] as const) {
      rewrite = (xml) =>
        xml
          .replace(/(XAddr>)http:\/\/[^/]+/g, `$1${device}`)
          .replace(/(<tt:Uri>)http:\/\/[^/]+/g, `$1${snapshot}`)
      found.push((await session().probe(signal, 5000)).snapshot?.address)
    }
    rewrite = (xml) => xml
    const own = { host: '127.0.0.1', port, isTls: false }
    expect(found).toEqual([{ ...own, port: 81 }, own, own, own, own, own])
  })

  it('without a snapshot address lead to the stream', async () => {
    instead.set('GetSnapshotUri', 'Error')
    try {
      const facts = await session().probe(signal, 5000)
      expect(facts.snapshot).toBeUndefined()
      expect(facts.stream).toBeDefined()
    } finally {
      instead.clear()
    }
  })

  it('of events arrive through a pull point as messages', async () => {
    const one = new PullPoint(options())
    const { messages } = await one.pull(await one.subscribe(signal, 5000), 5000, signal)
    expect(messages.length).toBeGreaterThan(0)
    expect(messages.map(readingsOf)).toContainEqual({ motion: true })
  })

  it('of every kind give an answer or a plain problem, for every request', async () => {
    let turn = 0
    const unplain: string[] = []
    for (const name of recorded.keys()) {
      const operation = name.replace(/\.xml$/, '')
      // Each takes another position in the conversation, so that all positions see many.
      const questions = [
        'GetSystemDateAndTime',
        'GetServices',
        'GetDeviceInformation',
        'GetProfiles',
        'GetSnapshotUri',
      ]
      instead.set(questions[turn++ % questions.length] ?? '', operation)
      const result = await session()
        .probe(signal, 5000)
        .catch((error: unknown) => error)
      instead.clear()
      const isPlain = !(result instanceof Error) || result.name === 'CameraProblem'
      if (!isPlain) unplain.push(name)
    }
    expect(unplain).toEqual([])
  }, 80_000)

  it('to a discovery probe are read, with the address that answered and not the one claimed', () => {
    const xml = (recorded.get('Probe.xml') ?? '')
      .replaceAll(
        'SERVICE_URI',
        'http://192.168.68.111:8080/onvif/device_service http://[fe80::1]/onvif/device_service',
      )
      .replaceAll('RELATES_TO', 'uuid:1')
    expect(parseProbeMatches(xml, '10.0.0.9')[0]).toMatchObject({
      host: '10.0.0.9',
      port: 8080,
      path: '/onvif/device_service',
      // Not the reply address in the header, which is the same for all.
      endpoint: 'c9790c3a-701b-464d-a189-0060351c8ada',
    })
  })

  it('to a discovery probe are those of cameras: computers and printers, a Device too, are left out', () => {
    const answer = (types: string, namespace: string): string =>
      `<s:Envelope xmlns:x="${namespace}"><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference>` +
      `<a:Address>urn:uuid:1</a:Address></a:EndpointReference><d:Types>${types}</d:Types>` +
      '<d:XAddrs>http://10.0.0.9:5357/1</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>'
    const isFound = (types: string, namespace: string): boolean =>
      parseProbeMatches(answer(types, namespace), '10.0.0.9').length > 0
    const windows = 'http://schemas.xmlsoap.org/ws/2006/02/devprof'
    expect(isFound('x:Device pub:Computer', windows)).toBe(false)
    expect(isFound('x:Device wprt:PrintDeviceType', windows)).toBe(false)
    expect(isFound('x:Device', 'http://www.onvif.org/ver10/device/wsdl')).toBe(true)
    expect(isFound('tds:Device', windows)).toBe(true)
    expect(isFound('dn:NetworkVideoTransmitter', windows)).toBe(true)
  })

  it('are found in every form of answer: several in one, in CDATA, as a Hello, without an address', () => {
    const match = (id: string, address: string): string =>
      `<d:EndpointReference><a:Address>urn:uuid:${id}</a:Address></d:EndpointReference>` +
      `<d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>${address}</d:XAddrs>`
    const found = (body: string): string[] =>
      parseProbeMatches(`<e:Envelope><e:Body>${body}</e:Body></e:Envelope>`, '10.0.0.9').map(
        ({ endpoint, host, port, path }) => `${endpoint} ${host}:${port}${path}`,
      )
    const one = (id: string, address: string): string => `<d:ProbeMatch>${match(id, address)}</d:ProbeMatch>`
    const [a, b] = [1, 2].map((n) => one(`ch${n}`, `http://10.0.0.9:800${n}/onvif/ds`))
    expect(found(`<d:ProbeMatches>${a}${b}</d:ProbeMatches>`)).toEqual([
      'ch1 10.0.0.9:8001/onvif/ds',
      'ch2 10.0.0.9:8002/onvif/ds',
    ])
    expect(found(one('c', '<![CDATA[http://10.0.0.9/ds]]>'))).toEqual(['c 10.0.0.9:80/ds'])
    expect(found(`<d:Hello>${match('h', 'http://10.0.0.9/ds')}</d:Hello>`)).toEqual(['h 10.0.0.9:80/ds'])
    expect(found(one('n', ''))).toEqual(['n 10.0.0.9:80/onvif/device_service'])
    expect(found(one('x', 'http://10.0.0.9/ds').repeat(100))).toHaveLength(64)
  })
})

describe('the reader', () => {
  it('asks only for the time and the name to see that a camera exists', async () => {
    asked.length = 0
    await session().check(signal, 5000)
    expect(asked).toEqual(
      ['GetSystemDateAndTime', 'GetDeviceInformation'].map((name) => `/onvif/device_service ${name}`),
    )
  })

  it('reads every recorded answer as a body or a fault', () => {
    const unread = [...recorded].filter(
      ([name, xml]) => xml.includes('Envelope') && name !== 'Probe.xml' && !parseSoap(plain(xml)),
    )
    expect(recorded.size).toBeGreaterThan(70)
    expect(unread.map(([name]) => name)).toEqual([])
  })

  it('rejects input that is not SOAP', () => {
    for (const xml of ['', '<html></html>', '<a', '<Envelope/>', '<Envelope><Header/></Envelope>']) {
      expect(parseSoap(xml)).toBeUndefined()
    }
  })
})
