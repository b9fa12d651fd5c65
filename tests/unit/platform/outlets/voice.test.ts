// Does a telephone ring, read the alarm aloud and take the key of the person, and does a loudspeaker play it? baresip, linphone and espeak-ng,
// which we did not write, as the telephones and the voice; and an exchange of ours that answers as the test says.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import type { AnswerKey, Outlet, OutletEvents } from '../../../../platform/outlets/port.ts'
import {
  checkLoudspeaker,
  checkVoice,
  loudspeakerSchema,
  voiceSchema,
  type CallSettings,
} from '../../../../platform/outlets/settings/voice-settings.ts'
import { muLaw, parseWav, speak, toTelephone, tone } from '../../../../platform/outlets/voice/speech.ts'
import { createVoiceOutlet } from '../../../../platform/outlets/voice/voice-outlet.ts'
import { keyIn, mediaOf, offerOf } from '../../../../platform/sip/rtp.ts'
import { SipUdp } from '../../../../platform/sip/sip-links.ts'
import { encodeSip, isRequest, responseTo } from '../../../../platform/sip/sip-message.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'
import { startBaresip, type Telephone, type TelephoneChoice } from '../../../kits/sip/baresip.ts'
import { startLinphone } from '../../../kits/sip/linphone.ts'
import { startKamailio } from '../../../kits/sip/peers.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const soon = { timeout: 20_000, interval: 50 }
const open: (() => void | Promise<void>)[] = []
let folder: string
/** One second of a tone, as a program of speech writes it. */
let quickVoice: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-voice-'))
  quickVoice = join(folder, 'voice.mjs')
  writeFileSync(
    quickVoice,
    `#!${process.execPath}
const samples = Int16Array.from({ length: 8000 }, (_, i) => Math.round(9000 * Math.sin(i / 3)))
const head = Buffer.alloc(44)
head.write('RIFF', 0); head.write('WAVEfmt ', 8); head.writeUInt32LE(16, 16); head.writeUInt16LE(1, 20); head.writeUInt16LE(1, 22)
head.writeUInt32LE(8000, 24); head.writeUInt16LE(2, 32); head.writeUInt16LE(16, 34); head.write('data', 36); head.writeUInt32LE(16000, 40)
process.stdin.resume().on('end', () => process.stdout.write(Buffer.concat([head, Buffer.from(samples.buffer)])))
`,
  )
  chmodSync(quickVoice, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const red: OutletMessage = {
  ...testMessage('g-1', 1_760_000_000_000, 'centre'),
  isDrill: false,
  colour: 'red',
  case: 'case-7',
  villageName: 'Upper Brook',
  kind: 'sos',
}
delete (red as { isTest?: true }).isTest

function outletOf(settings: CallSettings): {
  outlet: Outlet
  answers: [id: string, key: AnswerKey, who: string][]
  notes: [id: string, words: string, who: string][]
} {
  const answers: [string, AnswerKey, string][] = []
  const notes: [string, string, string][] = []
  const outlet = createVoiceOutlet({
    settings,
    textOf: () => 'Red. Emergency call. Upper Brook, house three.',
    phonesOnDuty: () => Promise.resolve(['13811112222']),
    clock,
    random,
    onFailed: () => undefined,
  })
  const events: OutletEvents = {
    heard: () => undefined,
    confirmed: () => undefined,
    answered: (id, key, _words, who) => {
      answers.push([id, key, who])
      return Promise.resolve()
    },
    noted: (...note) => {
      notes.push(note)
      return Promise.resolve()
    },
  }
  void outlet.start?.(events)
  open.push(() => outlet.stop?.())
  return { outlet, answers, notes }
}

const voice = (port: number, more: object = {}): CallSettings =>
  voiceSchema.parse({
    name: 'call',
    type: 'voice',
    host: '127.0.0.1',
    port,
    user: 'gengfu',
    numbers: ['13800000000'],
    language: 'en',
    speechCommand: quickVoice,
    repeats: 1,
    ...more,
  })

async function telephone(choice?: TelephoneChoice): Promise<Telephone> {
  const started = await startBaresip(choice)
  open.push(() => started.stop())
  return started
}

const loudness = (samples: Int16Array): number =>
  samples.reduce((sum, one) => sum + (Math.abs(one) > 1000 ? 1 : 0), 0)

it('reads the alarm to a telephone by espeak-ng, and takes its key', async () => {
  const phone = await telephone()
  const { outlet, answers } = outletOf(voice(phone.port, { speechCommand: 'espeak-ng' }))
  const sent = outlet.send([red], AbortSignal.timeout(60_000))
  const isHeard = vi.waitFor(() => expect(loudness(phone.heard())).toBeGreaterThan(4000), soon)
  // A call that ended too early says why, where the wait would only say that nothing was heard.
  await Promise.race([isHeard, sent.then((answer) => expect.fail(JSON.stringify(answer)))])
  phone.press('4')
  expect(await sent).toMatchObject({
    state: 'confirmed',
    words: expect.stringMatching(/^138\*\*\*\*0000 200 .*key 4$/) as string,
  })
  expect(answers).toEqual([['g-1', 'accept', '138****0000']])
  await vi.waitFor(() => expect(phone.lines.join('\n')).toMatch(/terminated|closed|Hangup|BYE/i), soon)
}, 90_000)

it.each(['rtp', 'info'] as const)(
  'reads the alarm to linphone, and takes its key by %s',
  async (keys) => {
    const phone = await startLinphone({ keys })
    open.push(() => phone.stop())
    const { outlet, answers } = outletOf(voice(phone.port))
    const sent = outlet.send([red], AbortSignal.timeout(60_000))
    const isHeard = vi.waitFor(() => expect(loudness(phone.heard())).toBeGreaterThan(2000), soon)
    await Promise.race([isHeard, sent.then((answer) => expect.fail(JSON.stringify(answer)))])
    phone.press('6')
    expect(await sent).toMatchObject({
      state: 'confirmed',
      words: expect.stringMatching(/^138\*\*\*\*0000 200 .*key 6$/) as string,
    })
    expect(answers).toEqual([['g-1', 'done', '138****0000']])
    await vi.waitFor(() => expect(phone.lines.join('\n')).toMatch(/Call \d+ .*ended|end/i), soon)
  },
  90_000,
)

it('plays a tone and the words to a loudspeaker that answers by itself', async () => {
  const phone = await telephone({ user: 'horn-1' })
  const settings = loudspeakerSchema.parse({
    name: 'horn',
    type: 'loudspeaker',
    host: '127.0.0.1',
    port: phone.port,
    user: 'gengfu',
    speakers: ['horn-1'],
    speechCommand: quickVoice,
    repeats: 1,
    toneSeconds: 1,
  })
  const { outlet } = outletOf(settings)
  expect(await outlet.send([red], AbortSignal.timeout(60_000))).toEqual({
    state: 'handed-over',
    words: 'horn-1 played',
  })
  // A second of tone and a second of the voice.
  await vi.waitFor(() => expect(loudness(phone.heard())).toBeGreaterThan(10_000), soon)
}, 90_000)

it('calls by TLS, and only a server that the given authority has proven', async () => {
  const authority = await createAuthority()
  const { cert, key } = await authority.issueServer()
  const phone = await telephone({ user: 'horn-1', certificate: `${key}\n${cert}` })
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.cert)
  const settings = loudspeakerSchema.parse({
    name: 'horn',
    type: 'loudspeaker',
    host: '127.0.0.1',
    port: phone.port + 1,
    transport: 'tls',
    caFile,
    user: 'gengfu',
    speakers: ['horn-1'],
    speechCommand: quickVoice,
    repeats: 1,
    toneSeconds: 0,
  })
  const { outlet } = outletOf(settings)
  expect(await outlet.send([red], AbortSignal.timeout(30_000))).toEqual({
    state: 'handed-over',
    words: 'horn-1 played',
  })
  expect(phone.lines.join('\n')).toContain('via TLS')
  writeFileSync(caFile, (await createAuthority('another')).cert)
  const { outlet: wary } = outletOf(settings)
  await expect(wary.send([red], AbortSignal.timeout(10_000))).rejects.toThrow(/certificate|signature/)
}, 90_000)

it('gives up ringing after its time, and the telephone stops ringing', async () => {
  const phone = await telephone({ picksUp: false })
  const { outlet } = outletOf(voice(phone.port, { ringSeconds: 5 }))
  const answer = await outlet.send([red], AbortSignal.timeout(60_000))
  expect(answer).toEqual({ state: 'refused', words: '138****0000 not picked up, 0 s' })
  await vi.waitFor(() => expect(phone.lines.join('\n')).toMatch(/cancel|terminated|closed|487/i), soon)
}, 90_000)

/** An exchange that answers an INVITE as the test says; the methods that it got. */
async function exchange(
  answer: (user: string) => { status: number; sdp?: string },
  toRefer = 202,
): Promise<{ port: number; methods: string[]; users: string[] }> {
  const [methods, users]: [string[], string[]] = [[], []]
  const udp = new SipUdp({
    onNoise: () => undefined,
    onMessage: (message, link) => {
      if (!isRequest(message)) return
      methods.push(message.method)
      if (message.method === 'ACK') return
      const user = /sip:([^@]*)@/.exec(message.uri)?.[1] ?? ''
      if (message.method === 'INVITE') users.push(user)
      const other = { status: message.method === 'REFER' ? toRefer : 200, sdp: undefined }
      const { status, sdp } = message.method === 'INVITE' ? answer(user) : other
      const more: [string, string][] = [['contact', `<sip:${user}@127.0.0.1:${link.local.port}>`]]
      const body = Buffer.from(sdp ?? '')
      link.send(encodeSip(responseTo(message, status, 'words', 'tag', more, body)))
    },
  })
  const port = await udp.start({ host: '127.0.0.1', port: 0 })
  open.push(() => udp.stop())
  return { port, methods, users }
}

it('acknowledges a busy telephone, and calls the next number in the next attempt', async () => {
  const { port, methods, users } = await exchange(() => ({ status: 486 }))
  const { outlet } = outletOf(
    voice(port, { numbers: ['13800000001', '13800000002'], duty: { roles: ['grid-keeper'] } }),
  )
  for (let turn = 0; turn < 3; turn++)
    expect(await outlet.send([red], AbortSignal.timeout(10_000))).toMatchObject({
      state: 'refused',
      words: expect.stringContaining('486') as string,
    })
  expect(users).toEqual(['13800000001', '13800000002', '13811112222'])
  await vi.waitFor(() => expect(methods.filter((one) => one === 'ACK')).toHaveLength(3), soon)
})

it('counts a call without a key as handed over only after the last number, and hangs up', async () => {
  const sdp = offerOf('127.0.0.1', 9, '1')
  const { port, methods } = await exchange(() => ({ status: 200, sdp }))
  const { outlet } = outletOf(voice(port, { numbers: ['13800000001', '13800000002'] }))
  expect(await outlet.send([red], AbortSignal.timeout(30_000))).toMatchObject({ state: 'refused' })
  expect(await outlet.send([red], AbortSignal.timeout(30_000))).toMatchObject({
    state: 'handed-over',
    words: expect.stringContaining('no key') as string,
  })
  expect(methods.filter((one) => one === 'BYE')).toHaveLength(2)
}, 60_000)

it('refuses a call without speech that it can send', async () => {
  const { port, methods } = await exchange(() => ({
    status: 200,
    sdp: 'v=0\r\nm=audio 9 RTP/AVP 18\r\nc=IN IP4 127.0.0.1\r\n',
  }))
  const { outlet } = outletOf(voice(port))
  expect(await outlet.send([red], AbortSignal.timeout(10_000))).toMatchObject({
    state: 'refused',
    words: expect.stringContaining('µ-law') as string,
  })
  expect(methods).toContain('BYE')
})

it('fails in words when the program of speech is not there, or makes none', async () => {
  const never = new AbortController().signal
  await expect(speak({ command: join(folder, 'absent'), voice: 'en' }, 'a', never)).rejects.toThrow('ENOENT')
  await expect(speak({ command: '/bin/false', voice: 'en' }, 'a', never)).rejects.toThrow(
    'has made no speech',
  )
})

it('calls a household back once for a click, reads the words of the operator, and notes its key', async () => {
  const phone = await telephone({ user: '13833334444' })
  const { outlet, answers, notes } = outletOf(voice(phone.port))
  const back: OutletMessage = {
    ...red,
    id: 'g-9',
    step: 'household',
    text: 'A neighbour is on the way.',
    place: { household: 'Zhang', phone: '138-3333-4444' },
  }
  expect(await outlet.preview([back])).toContain('sip:138-3333-4444@')
  expect(await outlet.preview([back])).toContain('A neighbour is on the way. If all is well, press 1.')
  const sent = outlet.send([back], AbortSignal.timeout(60_000))
  await vi.waitFor(() => expect(loudness(phone.heard())).toBeGreaterThan(2000), soon)
  // No key of those who are on duty counts here.
  phone.press('4')
  await new Promise((resolve) => setTimeout(resolve, 1000))
  phone.press('2')
  expect(await sent).toMatchObject({
    state: 'confirmed',
    words: expect.stringMatching(/^138\*\*\*\*4444 200 .*key 2: NEEDS HELP/) as string,
  })
  expect(answers).toEqual([])
  expect(notes).toEqual([['g-9', 'key 2: NEEDS HELP 需要帮助', '138****4444']])
  const { port } = await exchange(() => ({ status: 486 }))
  const { outlet: busy } = outletOf(voice(port))
  const never = AbortSignal.timeout(10_000)
  expect(await busy.send([back], never)).toMatchObject({ state: 'refused', isFinal: true })
  expect(await busy.send([{ ...back, place: {} }], never)).toMatchObject({
    state: 'refused',
    isFinal: true,
    words: 'the household has no telephone number',
  })
}, 90_000)

const toConnect: OutletMessage = {
  ...red,
  id: 'g-10',
  step: 'household',
  deskPhone: '8001',
  place: { household: 'Zhang', phone: '13833334444' },
}

it('rings the desk, and has the exchange connect its telephone with the household', async () => {
  const desk = await telephone({ user: '8001' })
  const household = await startLinphone()
  open.push(() => household.stop())
  const ways = [
    ['8001', desk.port],
    ['13833334444', household.port],
  ]
  const kamailio = await startKamailio(
    `if (is_method("OPTIONS") && !has_totag()) { sl_send_reply("200", "OK"); exit; }
    if (has_totag()) { loose_route(); t_relay(); exit; }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
    ${ways.map(([user, port]) => `if ($rU == "${user}") { $du = "sip:127.0.0.1:${port}"; t_relay(); exit; }`).join('\n')}
    sl_send_reply("404", "Not Found");`,
  )
  open.push(() => kamailio.stop())
  const { outlet, notes } = outletOf(voice(kamailio.port, { domain: `127.0.0.1:${kamailio.port}` }))
  expect(await outlet.preview([toConnect])).toMatch(
    /^INVITE sip:8001@.*Connecting you with the household Zhang/s,
  )
  const answer = await outlet.send([toConnect], AbortSignal.timeout(60_000))
  expect(answer).toMatchObject({ state: 'handed-over', words: '8001 connected with 138****4444: 200 OK' })
  expect(notes).toEqual([])
  // The desk heard the words, we have left, and the two are in a call.
  expect(loudness(desk.heard())).toBeGreaterThan(2000)
  expect(household.lines.join('\n')).toMatch(/Call \d+ with .*8001.* connected/)
}, 90_000)

it('says in words that an exchange connects no calls, that the desk was not reached, or not the household', async () => {
  const sdp = offerOf('127.0.0.1', 9, '1')
  const { port, methods } = await exchange(() => ({ status: 200, sdp }), 501)
  const { outlet } = outletOf(voice(port))
  expect(await outlet.send([toConnect], AbortSignal.timeout(20_000))).toEqual({
    state: 'refused',
    words: '138****4444 not connected: the exchange connects no calls: 501 words',
    isFinal: true,
  })
  expect(methods).toEqual(['INVITE', 'ACK', 'REFER', 'BYE'])
  const busy = await exchange(() => ({ status: 486 }))
  const { outlet: other } = outletOf(voice(busy.port))
  expect(await other.send([toConnect], AbortSignal.timeout(20_000))).toEqual({
    state: 'refused',
    words: '8001 (the desk): 486 words',
    isFinal: true,
  })
})

it('shows whom it calls and what it says, and calls no one', async () => {
  const { outlet } = outletOf(voice(9))
  expect(await outlet.preview([red])).toBe(
    'INVITE sip:13800000000@127.0.0.1 SIP/2.0\n\nRed. Emergency call. Upper Brook, house three. Press 4 to accept, 5 to pass on, 6 when it is done.',
  )
})

it('writes µ-law as G.711 has it', () => {
  expect([0, 1, -1, 1000, -1000, 32_767, -32_768].map(muLaw)).toEqual([
    0xff, 0xff, 0x7f, 0xce, 0x4e, 0x80, 0x00,
  ])
  expect(tone(1000)).toHaveLength(8000)
})

it('reads a key once its event has ended, and any packet, SDP and WAV without failing', () => {
  const event = Buffer.from('80e500010000006400000001048a0320', 'hex')
  expect(keyIn(event, 101)).toEqual({ key: '4', at: 100 })
  expect(keyIn(Buffer.from('80e500010000006400000001040a0320', 'hex'), 101)).toBeUndefined()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      keyIn(bytes, 101)
      mediaOf(bytes)
      parseWav(Buffer.from(bytes))
    }),
  )
  expect(mediaOf(Buffer.from(offerOf('127.0.0.1', 4000, '1')))).toEqual({
    host: '127.0.0.1',
    port: 4000,
    eventType: 101,
  })
  expect(toTelephone({ rate: 16_000, samples: new Int16Array(16_000) })).toHaveLength(8000)
})

it('refuses settings that reach no person or leave no time for the words', () => {
  const settings = voiceSchema.parse({ ...voice(9), numbers: [] })
  expect(checkVoice('outlets.0', settings)[0]?.message).toContain('numbers')
  const long = { ...voice(9), ringSeconds: 60, timeoutSeconds: 30 } as CallSettings
  expect(checkLoudspeaker('outlets.0', long as never)[0]?.path).toBe('outlets.0.ringSeconds')
})
