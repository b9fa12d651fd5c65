// Does a receiver of social care get each alarm by SCAIP? Kamailio with digest as the receiver, and one of ours that answers as the test says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { parseGbXml, textOf } from '../../../../platform/gb28181/gb-xml.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import type { Outlet, OutletEvents } from '../../../../platform/outlets/port.ts'
import { refOf, scaipCodes, scaipRequest } from '../../../../platform/outlets/scaip/scaip-codes.ts'
import { createScaipOutlet } from '../../../../platform/outlets/scaip/scaip-outlet.ts'
import { parseScaipResponse } from '../../../../platform/outlets/scaip/scaip-receiver.ts'
import {
  checkScaip,
  scaipSchema,
  type ScaipSettings,
} from '../../../../platform/outlets/settings/scaip-settings.ts'
import { SipUdp } from '../../../../platform/sip/sip-links.ts'
import { encodeSip, isRequest, responseTo } from '../../../../platform/sip/sip-message.ts'
import { alarmKinds } from '../../../../protocols/domain/alarm.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { startKamailio, type SipPeer } from '../../../kits/sip/peers.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const password = 'warden call'
const soon = { timeout: 20_000, interval: 20 }
/** `<mrq>` begins the same in each request: the reference stands at a known place. */
const refAt = '<?xml version="1.0" encoding="UTF-8"?>\r\n<mrq>\r\n<ref>'.length

const route = `
  if (is_method("MESSAGE")) {
    if (!pv_www_authenticate("$fd", "${password}", "0")) { www_challenge("$fd", "1"); exit; }
    xlog("L_ALERT", "GF MESSAGE $hdr(Content-Type) $(rb{s.substr,${refAt},16}) $rU $fU\\n");
    set_reply_body("<?xml version='1.0'?><mrs><ref>$(rb{s.substr,${refAt},16})</ref><snu>0</snu><ste>taken by the desk</ste></mrs>", "application/scaip+xml");
    sl_send_reply("200", "OK");
    exit;
  }
  sl_send_reply("200", "OK");`

let folder: string
let passwordFile: string
let kamailio: SipPeer
const open: (() => void | Promise<void>)[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-scaip-'))
  passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`)
  kamailio = await startKamailio(route, ['modparam("usrloc", "db_mode", 0)'])
}, 60_000)
afterAll(async () => {
  await kamailio.stop()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const red: OutletMessage = {
  ...testMessage('g-00112233445566778899', 1_760_000_000_000, 'centre'),
  isDrill: false,
  colour: 'red',
  case: 'case-7',
  village: '320612104201',
  villageName: '上溪村',
  device: 'button-0001',
  kind: 'sos',
  place: { household: '张三家', phone: '13800000000' },
}
delete (red as { isTest?: true }).isTest

function outletOf(port: number, more: object = {}): { outlet: Outlet; settings: ScaipSettings } {
  const settings = scaipSchema.parse({
    name: 'care',
    type: 'scaip',
    host: '127.0.0.1',
    port,
    receiver: 'arc',
    user: 'village',
    controller: '4711',
    timeoutSeconds: 2,
    ...more,
  })
  const outlet = createScaipOutlet({ settings, clock, random, onFailed: () => undefined })
  open.push(() => outlet.stop?.())
  return { outlet, settings }
}

const within = (): AbortSignal => AbortSignal.timeout(4000)

/** What the receiver does with the body of a request: a response in its own MESSAGE, or none. */
async function receiver(
  answer: (ref: string) => string | undefined,
): Promise<{ port: number; bodies: string[] }> {
  const bodies: string[] = []
  let count = 0
  const udp = new SipUdp({
    onNoise: () => undefined,
    onMessage: (message, link) => {
      if (!isRequest(message)) return
      const body = Buffer.from(message.body).toString('utf8')
      bodies.push(body)
      link.send(encodeSip(responseTo(message, 200, 'OK', 'tag')))
      const xml = answer(textOf(parseGbXml(message.body), 'ref') ?? '')
      if (xml === undefined) return
      const { host, port } = link.remote
      link.send(
        encodeSip({
          method: 'MESSAGE',
          uri: `sip:village@${host}:${port}`,
          headers: [
            [
              'via',
              `SIP/2.0/UDP 127.0.0.1:${link.local.port};rport;branch=z9hG4bKa${++count}${random.hex(4)}`,
            ],
            ['max-forwards', '70'],
            ['from', '<sip:arc@127.0.0.1>;tag=r'],
            ['to', '<sip:village@127.0.0.1>'],
            ['call-id', random.hex(8)],
            ['cseq', '1 MESSAGE'],
            ['content-type', 'application/scaip+xml'],
          ],
          body: Buffer.from(xml),
        }),
      )
    },
  })
  const port = await udp.start({ host: '127.0.0.1', port: 0 })
  open.push(() => udp.stop())
  return { port, bodies }
}

const mrs = (ref: string, number: number, words = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?><mrs><ref>${ref}</ref><snu>${number}</snu>${words === '' ? '' : `<ste>${words}</ste>`}</mrs>`

it.each(['udp', 'tcp'])(
  'is taken by kamailio over %s with digest, and its response confirms',
  async (transport) => {
    const { outlet } = outletOf(kamailio.port, { transport, passwordFile, domain: '127.0.0.1' })
    const answer = await outlet.send([red], within())
    expect(answer).toEqual({ state: 'confirmed', words: 'snu 0 taken by the desk' })
    await vi.waitFor(
      () => expect(kamailio.lines.join('\n')).toContain(`application/scaip+xml ${refOf(red)} arc village`),
      soon,
    )
  },
)

it('takes the response that the receiver sends as a message of its own', async () => {
  const { port, bodies } = await receiver((ref) => mrs(ref, 0))
  const { outlet } = outletOf(port, { transport: 'udp' })
  expect(await outlet.send([red], within())).toMatchObject({ state: 'confirmed' })
  const root = parseGbXml(Buffer.from(bodies[0] ?? ''))
  const fields = Object.fromEntries((root?.children ?? []).map(({ name, text }) => [name, text]))
  expect(fields).toMatchObject({
    ref: '2233445566778899',
    ver: '01.00',
    mty: 'ME',
    cid: '4711',
    dty: '0003',
    stc: '0010',
    did: 'ton-0001',
    crd: 'sip:village@127.0.0.1',
  })
  expect(fields['lte']).toContain('上溪村')
})

it('counts a bare 200 as nothing: without a response it is tried again, and a late one confirms', async () => {
  const { port } = await receiver(() => undefined)
  const { outlet } = outletOf(port, { transport: 'udp' })
  expect(await outlet.send([red], AbortSignal.timeout(700))).toMatchObject({
    state: 'refused',
    words: 'taken, and no response (mrs) came',
  })
})

it.each([
  [1, true],
  [2, true],
  [3, true],
  [4, false],
  [5, false],
  [6, false],
  [7, true],
])('takes status %i as refused, for good: %s', async (number, isFinal) => {
  const { port } = await receiver((ref) => mrs(ref, number, 'words'))
  const { outlet } = outletOf(port, { transport: 'udp' })
  const answer = await outlet.send([red], within())
  expect(answer).toMatchObject({ state: 'refused', words: `snu ${number} words` })
  expect('isFinal' in answer && answer.isFinal).toBe(isFinal)
})

it('ignores a response to another request', async () => {
  const { port } = await receiver(() => mrs('ffffffffffffffff', 0))
  const { outlet } = outletOf(port, { transport: 'udp' })
  expect(await outlet.send([red], AbortSignal.timeout(700))).toMatchObject({ state: 'refused' })
})

it('reports a receiver that leaves three heartbeats unanswered, and its return', async () => {
  let isWell = false
  const { port, bodies } = await receiver((ref) => (isWell ? mrs(ref, 0) : undefined))
  const settings = scaipSchema.parse({
    ...outletOf(port, { transport: 'udp', superviseSeconds: 30 }).settings,
    timeoutSeconds: 1,
  })
  const fast = { ...clock, monotonicMs: () => clock.monotonicMs(), wallMs: () => clock.wallMs() }
  const quick = { ...fast, after: (ms: number, run: () => void) => clock.after(ms / 30, run) }
  const outlet = createScaipOutlet({ settings, clock: quick, random, onFailed: () => undefined })
  open.push(() => outlet.stop?.())
  const heard: [boolean, string][] = []
  await outlet.start?.({ heard: (...one: [boolean, string]) => heard.push(one) } as unknown as OutletEvents)
  await vi.waitFor(() => expect(heard.at(-1)?.[0]).toBe(false), soon)
  expect(bodies[0]).toContain('<mty>PI</mty>')
  isWell = true
  await vi.waitFor(() => expect(heard.at(-1)?.[0]).toBe(true), soon)
})

it('resets what is over, and has nothing for what people do', () => {
  const of = (step: OutletMessage['step'], more: Partial<OutletMessage> = {}) =>
    scaipRequest({ ...red, step, ...more }, { controller: '1', language: 'zh', caller: 'sip:a@b' })?.toString(
      'utf8',
    )
  expect(of('ended')).toContain('<mty>RE</mty>')
  expect(of('ended')).toContain('<stc>0092</stc>')
  expect(of('cancelled')).toContain('<stc>0019</stc>')
  expect(of('accepted')).toBeUndefined()
  expect(of('raised', { isTest: true })).toContain('<stc>0102</stc>')
  expect(of('accepted', { isTest: true })).toContain('<mty>IN</mty>')
})

it('shows the request and sends nothing', async () => {
  const { outlet } = outletOf(9)
  expect(await outlet.preview([red])).toMatch(/^MESSAGE sip:arc@127\.0\.0\.1 SIP\/2\.0\n\n<\?xml.*<mrq>/s)
})

it('keeps every field within its length and its characters, for any words', () => {
  const patterns: Record<string, RegExp> = {
    ref: /^[0-9a-zA-Z]{1,16}$/,
    ver: /^\d\d\.\d\d$/,
    mty: /^(ME|RE|IN|PI)$/,
    cid: /^\d{1,16}$/,
    dty: /^\d{1,4}$/,
    did: /^.{1,8}$/s,
    dte: /^.{1,32}$/su,
    crd: /^.{1,256}$/s,
    stc: /^\d{1,4}$/,
    stt: /^.{1,32}$/su,
    lte: /^.{1,32}$/su,
    ite: /^.{1,128}$/su,
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...alarmKinds),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      (kind, words) => {
        const message = { ...red, kind, villageName: words, place: { household: words, phone: words } }
        const body = scaipRequest(message, { controller: '1', language: 'en', caller: 'sip:a@b' })
        const root = parseGbXml(body ?? Buffer.alloc(0))
        expect(root?.name).toBe('mrq')
        const long = (root?.children ?? []).filter(
          ({ name, text }) => text !== '' && patterns[name]?.test(text) !== true,
        )
        expect(long).toEqual([])
      },
    ),
  )
  for (const codes of Object.values(scaipCodes)) expect(codes.join()).toMatch(/^\d{4},\d{4}$/)
})

it('reads any bytes of a receiver without failing', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void parseScaipResponse(bytes)))
  expect(parseScaipResponse(Buffer.from('<mrs><ref>../x</ref><snu>0</snu></mrs>'))).toBeUndefined()
  expect(parseScaipResponse(Buffer.from('<mrq><ref>1</ref><snu>0</snu></mrq>'))).toBeUndefined()
})

it('refuses steps that SCAIP has no message for, and drills', () => {
  const { settings } = outletOf(9)
  expect(checkScaip('outlets.0', settings)).toEqual([])
  const rules = [{ steps: ['raised', 'arrived'] as ('raised' | 'arrived')[] }]
  expect(checkScaip('outlets.0', { ...settings, rules })[0]?.message).toContain('arrived')
  expect(checkScaip('outlets.0', { ...settings, drills: true })[0]?.path).toBe('outlets.0.drills')
})
