// Do loudspeakers and signs get the words by HTTP, by MQTT, by a program of the machine and by a command to their box, with their receipts, and without a person's name?
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { afterEach, expect, it } from 'vitest'
import { boxSpeakerSchema } from '../../../../centre/config/outlets/box-speaker-settings.ts'
import { createBoxSpeakerOutlet } from '../../../../centre/outlets/speaker/box-speaker-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import {
  checkSpeakerHttp,
  checkSpeakerMqtt,
  speakerHttpSchema,
  speakerLocalSchema,
  speakerMqttSchema,
  type SpeakerMqttSettings,
} from '../../../../platform/outlets/settings/speaker-settings.ts'
import { createSpeakerHttpOutlet } from '../../../../platform/outlets/speaker/speaker-http.ts'
import { createSpeakerLocalOutlet } from '../../../../platform/outlets/speaker/speaker-local.ts'
import { createSpeakerMqttOutlet } from '../../../../platform/outlets/speaker/speaker-mqtt.ts'
import { fillTemplate, hideTemplate } from '../../../../platform/outlets/template.ts'
import type { DeskCommand } from '../../../../protocols/desk/commands.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'

const clock = createSystemClock()
const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})
const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port

const { isTest: _test, ...base } = testMessage('g-77', clock.wallMs(), 'centre')
const flood: OutletMessage = {
  ...base,
  colour: 'red',
  case: 'case-7',
  isDrill: false,
  kind: 'water',
  zone: 'river',
  village: 'upper-brook',
  villageName: '上溪村',
  place: { household: '张"三', phone: '13800000000' },
}

it('posts the public words in the form of the speaker, and takes its own word for good', async () => {
  const got: { body: string; authorization: string | undefined }[] = []
  let answer = '{"result":"OK"}'
  const server = createHttp((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      got.push({ body, authorization: request.headers.authorization })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => server.close())
  const settings = speakerHttpSchema.parse({
    name: 'horn',
    type: 'speaker-http',
    url: `http://127.0.0.1:${portOf(server)}/say?key=secret`,
    body: '{"key":"secret","say":"{text}","no":"{id}","place":"{village}"}',
    okText: '"OK"',
  })
  const outlet = createSpeakerHttpOutlet(settings)
  const never = new AbortController().signal
  expect(await outlet.send([flood], never)).toMatchObject({ state: 'handed-over' })
  const said = JSON.parse(got[0]?.body ?? '') as Record<string, string>
  expect(said).toMatchObject({ key: 'secret', no: 'g-77', place: '上溪村' })
  expect(said['say']).toContain('上溪村 river')
  expect(said['say']).not.toMatch(/张|138/)
  answer = '{"result":"busy"}'
  expect(await outlet.send([flood], never)).toMatchObject({ state: 'refused' })
  expect(await outlet.preview([flood])).not.toContain('secret')
})

/** A broker that we did not write, with a speaker that answers or does not. */
async function broker(answers: boolean): Promise<{ port: number; said: string[] }> {
  const aedes = await Aedes.createBroker()
  const said: string[] = []
  aedes.on('publish', (packet) => {
    if (packet.topic !== 'speaker/1/say') return
    said.push(packet.payload.toString())
    if (!answers) return
    const { id } = JSON.parse(packet.payload.toString()) as { id: string }
    const payload = Buffer.from(JSON.stringify({ played: id }))
    const receipt = { cmd: 'publish' as const, topic: 'speaker/1/done', payload }
    aedes.publish({ ...receipt, qos: 0, retain: false, dup: false }, () => undefined)
  })
  const server = createServer((socket) => void aedes.handle(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise<void>((resolve) => aedes.close(() => server.close(() => resolve()))))
  return { port: portOf(server), said }
}

const mqtt = (port: number, more: object = {}): SpeakerMqttSettings =>
  speakerMqttSchema.parse({
    name: 'sign',
    type: 'speaker-mqtt',
    url: `mqtt://127.0.0.1:${port}`,
    topic: 'speaker/1/say',
    ...more,
  })

it('publishes at the broker, and takes the receipt of the speaker', async () => {
  const never = new AbortController().signal
  const { port, said } = await broker(true)
  const outlet = createSpeakerMqttOutlet({ settings: mqtt(port), clock })
  expect(await outlet.send([flood], never)).toEqual({ state: 'handed-over', words: 'PUBACK' })
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ id: 'g-77' })
  const sure = createSpeakerMqttOutlet({ settings: mqtt(port, { receiptTopic: 'speaker/1/done' }), clock })
  expect(await sure.send([flood], never)).toEqual({ state: 'confirmed', words: '{"played":"g-77"}' })
})

it('counts a message without the receipt of its speaker as handed over: it is not said again', async () => {
  const { port, said } = await broker(false)
  const settings = mqtt(port, { receiptTopic: 'speaker/1/done', receiptSeconds: 1 })
  const outlet = createSpeakerMqttOutlet({ settings, clock })
  expect(await outlet.send([flood], new AbortController().signal)).toEqual({
    state: 'handed-over',
    words: 'PUBACK, no receipt within 1 s',
  })
  expect(said).toHaveLength(1)
})

it('fails in words at a broker that is dead, silent, endless or no broker', async () => {
  const sendTo = (behave: (socket: Socket) => void, ms: number): Promise<unknown> => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      behave(socket)
    })
    open.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)).then(() =>
      createSpeakerMqttOutlet({ settings: mqtt(portOf(server)), clock }).send(
        [flood],
        AbortSignal.timeout(ms),
      ),
    )
  }
  await expect(sendTo((socket) => socket.destroy(), 5000)).rejects.toThrow(/closed|ECONNRESET/)
  await expect(sendTo(() => undefined, 300)).rejects.toThrow('ended')
  await expect(sendTo((socket) => socket.write('HTTP/1.1 400 Bad\r\n\r\n'), 5000)).rejects.toThrow(/./)
  const endless = (socket: Socket): void => {
    socket.write(Buffer.from([0x20, 2, 0, 0]))
    // A message of 256 MB begins and goes on.
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]))
    const more = setInterval(() => socket.write(Buffer.alloc(65_536)), 1)
    socket.on('close', () => clearInterval(more))
  }
  await expect(sendTo(endless, 5000)).rejects.toThrow(/./)
})

/** Boxes that answer as the test says. */
function boxes(answer: (command: DeskCommand) => Partial<DeskCommand>): {
  commands: Parameters<typeof createBoxSpeakerOutlet>[0]['commands']
  asked: DeskCommand[]
} {
  const asked: DeskCommand[] = []
  return {
    asked,
    commands: {
      boxesOf: (village) => (village === 'upper-brook' ? ['upper-brook', 'upper-brook.2'] : []),
      ask: (command) => {
        asked.push(command)
        return Promise.resolve(true)
      },
      find: (_box, id) => {
        const found = asked.find((one) => one.id === id)
        return Promise.resolve(found && { ...found, ...answer(found) })
      },
    },
  }
}
const boxSpeaker = boxSpeakerSchema.parse({ name: 'village', type: 'box-speaker' })

it('asks each box of the village, and names every device with its receipt', async () => {
  const { commands, asked } = boxes(({ box }) =>
    box === 'upper-brook'
      ? { state: 'done', reached: ['horn-1'], missed: ['sign-2'] }
      : { state: 'refused', reason: { code: 'no-loudspeaker', zh: '无喇叭', en: 'no loudspeaker' } },
  )
  const outlet = createBoxSpeakerOutlet({ settings: boxSpeaker, clock, commands })
  expect(await outlet.send([flood], new AbortController().signal)).toEqual({
    state: 'confirmed',
    words: 'upper-brook done: horn-1; not sign-2; upper-brook.2 refused no loudspeaker',
  })
  expect(asked.map(({ do: what, id }) => [what, id])).toEqual([
    ['bulletin', 'g-77-0'],
    ['bulletin', 'g-77-1'],
  ])
  expect(asked[0]?.text).not.toMatch(/张|138/)
})

it('asks once for a box that is slow: the next attempt looks for the answer, and says nothing late', async () => {
  let state: DeskCommand['state'] = 'sent'
  const { commands, asked } = boxes(() => ({ state, reached: ['horn-1'] }))
  const outlet = createBoxSpeakerOutlet({ settings: boxSpeaker, clock, commands })
  const first = await outlet.send([flood], AbortSignal.timeout(50))
  expect(first).toMatchObject({ state: 'refused' })
  expect(first).not.toHaveProperty('isFinal')
  state = 'done'
  expect(await outlet.send([flood], AbortSignal.timeout(5000))).toMatchObject({ state: 'confirmed' })
  expect(asked).toHaveLength(2)
  const old = { ...flood, id: 'g-78', atMs: flood.atMs - 3_600_000 }
  expect(await outlet.send([old], AbortSignal.timeout(5000))).toMatchObject({ isFinal: true })
  expect(asked).toHaveLength(2)
  const other = { ...flood, village: 'lower-brook' }
  expect(await outlet.send([other], AbortSignal.timeout(5000))).toMatchObject({ isFinal: true })
})

it('fills a template escaped, and shows it without its secrets', () => {
  const values = new Map([['text', 'a"b&c']])
  const json = { body: '{"k":"s","t":"{text}","u":"{other}"}', contentType: 'application/json' as const }
  expect(fillTemplate(json, values)).toBe('{"k":"s","t":"a\\"b&c","u":"{other}"}')
  const form = { body: 'k=s&t={text}', contentType: 'application/x-www-form-urlencoded' as const }
  expect(fillTemplate(form, values)).toBe('k=s&t=a%22b%26c')
  expect(hideTemplate(form, ['text'])).toBe('k=...&t={text}')
  expect(hideTemplate({ ...json, body: '{broken {text}' }, ['text'])).toBe('{text}')
})

it('refuses plain addresses, and times that do not fit', () => {
  const at = (found: readonly { path: string }[]): string[] => found.map(({ path }) => path)
  expect(at(checkSpeakerMqtt('o', { ...mqtt(1), url: 'mqtt://broker.example' }))).toEqual(['o.url'])
  expect(at(checkSpeakerMqtt('o', { ...mqtt(1), url: 'mqtts://a:b@broker.example' }))).toEqual(['o.url'])
  const late = mqtt(1, { receiptTopic: 'a', receiptSeconds: 10, timeoutSeconds: 5 })
  expect(at(checkSpeakerMqtt('o', late))).toEqual(['o.receiptSeconds'])
  const http = speakerHttpSchema.parse({ name: 'a', type: 'speaker-http', url: 'http://horn.example/' })
  expect(at(checkSpeakerHttp('o', { ...http, bearerFile: 'a', basicFile: 'b' }))).toEqual([
    'o.url',
    'o.basicFile',
  ])
})

it('plays a tone and the public words by a program of this machine, one after the other, and says why it did not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-speaker-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'played.wav')
  const player = (script: string) =>
    speakerLocalSchema.parse({
      name: 'hall',
      type: 'speaker-local',
      language: 'en',
      toneSeconds: 1,
      playerCommand: 'sh',
      playerArguments: ['-c', script],
    })
  const outlet = createSpeakerLocalOutlet(player(`test ! -e ${file} && cat > ${file} && sleep 0.2`))
  const both = [
    outlet.send([flood], AbortSignal.timeout(60_000)),
    outlet.send([flood], AbortSignal.timeout(60_000)),
  ]
  expect(await both[0]).toEqual({ state: 'handed-over', words: 'sh played' })
  // The second began after the first had ended, and found its file.
  expect(await both[1]).toMatchObject({ state: 'refused', words: 'sh ended with 1' })
  const wav = readFileSync(file)
  // 8 kHz, µ-law, one channel: two readings of some seconds behind a second of tone.
  expect([wav.toString('latin1', 0, 4), wav.readUInt16LE(20), wav.readUInt32LE(24)]).toEqual([
    'RIFF',
    7,
    8000,
  ])
  expect(wav.length).toBeGreaterThan(5 * 8000)
  expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
  expect(await outlet.preview([flood])).not.toContain('13800000000')
  const deaf = createSpeakerLocalOutlet(player('echo no such card >&2; exit 3'))
  expect(await deaf.send([flood], AbortSignal.timeout(60_000))).toEqual({
    state: 'refused',
    words: 'sh ended with 3 no such card',
  })
  const absent = createSpeakerLocalOutlet({ ...player('true'), playerCommand: join(folder, 'absent') })
  await expect(absent.send([flood], AbortSignal.timeout(60_000))).rejects.toThrow('ENOENT')
  // A program that never ends is ended with the attempt.
  const endless = createSpeakerLocalOutlet(player('cat > /dev/null; exec sleep 1000'))
  await expect(endless.send([flood], AbortSignal.timeout(2000))).rejects.toThrow(/abort/i)
  expect(existsSync(file)).toBe(true)
}, 90_000)
