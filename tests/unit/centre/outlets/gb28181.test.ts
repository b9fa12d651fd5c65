// Does a platform that we did not write register the centre, ask it, and get each alarm by GB/T 28181?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { checkGb28181, type Gb28181Settings } from '../../../../centre/config/outlets/gb28181-settings.ts'
import { channelOf, gbAlarm, gbMethodOf } from '../../../../centre/outlets/gb28181/gb-alarm.ts'
import { answersTo, askedOf } from '../../../../centre/outlets/gb28181/gb-answers.ts'
import { createGb28181Outlet } from '../../../../centre/outlets/gb28181/gb28181-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import type { Outlet } from '../../../../platform/outlets/port.ts'
import { encodeGbXml, parseGbXml, textOf } from '../../../../platform/gb28181/gb-xml.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { freePort, startKamailio, startSipp, type SipPeer } from '../../../kits/sip/peers.ts'
import { settingsOf } from './outlet-kit.ts'

const server = '32061200002000000001'
const own = '32061210002000000002'
const [village, input] = ['320612104201', '32061210001340000001']
const camera = '32061210001320000007'
const password = '村口大槐树 tree'

/** The county's platform: digest, then the questions that such platforms ask after a registration. */
const route = `
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("$fd", "${password}", "0")) {
      www_challenge("$fd", "1");
      exit;
    }
    if (!save("location")) { exit; }
    xlog("L_ALERT", "GF REGISTER $fU $hdr(X-GB-Ver) $hdr(Expires)\\n");
    if ($hdr(Expires) == "0") { exit; }
    $var(catalog) = "<?xml version='1.0' encoding='GB2312'?><Query><CmdType>Catalog</CmdType><SN>17</SN><DeviceID>${own}</DeviceID></Query>";
    $var(guard) = "<?xml version='1.0'?><Control><CmdType>DeviceControl</CmdType><SN>18</SN><DeviceID>${input}</DeviceID><GuardCmd>ResetGuard</GuardCmd></Control>";
    $uac_req(method) = "MESSAGE";
    $uac_req(ruri) = "sip:${own}@" + $si + ":" + $sp + ";transport=" + $proto;
    $uac_req(furi) = "sip:${server}@3206120000";
    $uac_req(turi) = "sip:${own}@3206121000";
    $uac_req(hdrs) = "Content-Type: Application/MANSCDP+xml\\r\\n";
    $uac_req(body) = $var(catalog);
    uac_req_send();
    $uac_req(body) = $var(guard);
    uac_req_send();
    exit;
  }
  if (is_method("MESSAGE")) {
    xlog("L_ALERT", "GF MESSAGE $proto $ci $(rb{s.encode.hexa})\\n");
    sl_send_reply("200", "OK");
    exit;
  }
  sl_send_reply("405", "No");
`

const clock = createSystemClock()
const never = new AbortController().signal
const red: OutletMessage = {
  ...testMessage('g-1', Date.UTC(2026, 2, 1, 0, 30), 'centre'),
  number: 41,
  isDrill: false,
  colour: 'red',
  case: 'case-7',
  village,
  device: 'button-1',
  kind: 'sos',
}
delete (red as { isTest?: true }).isTest

let folder: string
let passwordFile: string
let platform: SipPeer
const open: (() => unknown)[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-gb-'))
  passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`)
  // Each count of a nonce once.
  platform = await startKamailio(route, [
    'modparam("auth", "qop", "auth")',
    'modparam("auth", "nonce_count", 1)',
    'modparam("usrloc", "db_mode", 0)',
  ])
}, 60_000)
afterAll(async () => {
  await platform.stop()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

function outletOf(port: number, more: object = {}): { outlet: Outlet; settings: Gb28181Settings } {
  const channels = [
    { code: input, name: '上溪村', village },
    { code: camera, name: '村口', village, source: 'cam-1' },
  ]
  const settings = settingsOf({
    type: 'gb28181',
    host: '127.0.0.1',
    port,
    serverCode: server,
    code: own,
    channels,
    ...more,
  }) as Gb28181Settings
  const random = createSystemRandom()
  const onFailed = (error: unknown): void => expect.unreachable(String(error))
  const textOf = ({ case: id }: OutletMessage): string => `红色 紧急求助（${id}）`
  const outlet = createGb28181Outlet({ settings, textOf, clock, random, onFailed })
  open.push(() => outlet.stop?.())
  return { outlet, settings }
}

const bodies = (peer: SipPeer): Buffer[] =>
  peer.lines.flatMap((line) => {
    const hex = /GF MESSAGE \S+ \S+ ([0-9a-fA-F]+)/.exec(line)?.[1]
    return hex === undefined ? [] : [Buffer.from(hex, 'hex')]
  })

it.each(['udp', 'tcp'])(
  'registers by %s with digest, answers questions, and hands an alarm over',
  async (transport) => {
    platform.lines.length = 0
    const { outlet } = outletOf(platform.port, { transport, passwordFile, edition: '2022' })
    const heard: boolean[] = []
    await outlet.start?.({
      heard: (isWell) => heard.push(isWell),
      confirmed: () => undefined,
      noted: () => Promise.resolve(),
      answered: () => Promise.resolve(),
    })
    expect(await outlet.send([red], never)).toEqual({ state: 'handed-over', words: '200 OK' })
    expect(heard).toEqual([true])
    await vi.waitFor(() => expect(platform.lines.join('\n')).toContain(`GF REGISTER ${own} 3.0 3600`), 20_000)
    const found = (type: string) =>
      vi.waitFor(
        () => {
          const one = bodies(platform)
            .map(parseGbXml)
            .find((element) => textOf(element, 'CmdType') === type)
          expect(one).toBeDefined()
          return one
        },
        { timeout: 20_000, interval: 20 },
      )
    const alarm = await found('Alarm')
    expect(alarm?.name).toBe('Notify')
    expect(alarm?.children.map(({ name, text }) => [name, text])).toEqual([
      ['CmdType', 'Alarm'],
      ['SN', '41'],
      ['DeviceID', input],
      ['AlarmPriority', '1'],
      ['AlarmMethod', '2'],
      ['AlarmTime', '2026-03-01T08:30:00'],
      ['AlarmDescription', '红色 紧急求助（case-7）'],
    ])
    const catalogue = await found('Catalog')
    expect([textOf(catalogue, 'SN'), textOf(catalogue, 'SumNum')]).toEqual(['17', '2'])
    const guard = await found('DeviceControl')
    expect([textOf(guard, 'SN'), textOf(guard, 'Result')]).toEqual(['18', 'ERROR'])
    // Signs off.
    await outlet.stop?.()
    await vi.waitFor(() => expect(platform.lines.join()).toContain(`GF REGISTER ${own} 3.0 0`), {
      timeout: 10_000,
    })
  },
)

it('says in words that the password is wrong, and asks no further', async () => {
  const wrong = join(folder, 'wrong')
  writeFileSync(wrong, 'no')
  const { outlet } = outletOf(platform.port, { passwordFile: wrong })
  expect(await outlet.send([red], never)).toMatchObject({
    state: 'refused',
    words: expect.stringMatching(/not registered: 401/) as string,
  })
})

const answered = (status: string, more = ''): string =>
  `<send><![CDATA[\nSIP/2.0 ${status}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n${more}Content-Length: 0\n\n]]></send>`

it('sends again by UDP until a platform has started, and waits for a slow one', async () => {
  const port = await freePort()
  const { outlet } = outletOf(port)
  const sent = outlet.send([red], never)
  const peer = await startSipp(
    `<recv request="REGISTER" optional="true" next="1"/>
    <recv request="MESSAGE"/>
    <pause milliseconds="1100"/>
    ${answered('200 Late')}
    <nop next="2"/>
    <label id="1"/>
    ${answered('200 OK', 'Expires: 60\n')}
    <label id="2"/>`,
    { port },
  )
  open.push(peer.stop)
  expect(await sent).toEqual({ state: 'handed-over', words: '200 Late' })
}, 60_000)

it.each([
  ['refuses for now', '503 Service Unavailable'],
  ['does not know us', '403 Forbidden'],
])('keeps the message when the platform %s', async (_title, status) => {
  const socket = createSocket('udp4')
  open.push(() => socket.close())
  let registered = 0
  socket.on('message', (bytes, from) => {
    const text = bytes.toString('latin1')
    const isRegister = text.startsWith('REGISTER')
    if (isRegister) registered++
    const headers = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
    const said = isRegister ? '200 OK' : status
    // Noise, an answer to another request, then the answer.
    socket.send('\0\0noise\r\n\r\n', from.port, from.address)
    socket.send(
      `SIP/2.0 200 OK\r\n${headers.join('\r\n').replace(/branch=\w+/, 'branch=z9hG4bKother')}\r\n\r\n`,
      from.port,
      from.address,
    )
    socket.send(
      `SIP/2.0 ${said}\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
      from.port,
      from.address,
    )
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { outlet } = outletOf(socket.address().port)
  expect(await outlet.send([red], never)).toEqual({ state: 'refused', words: status })
  // A platform that does not know this centre gets a new REGISTER before the next attempt.
  const wanted = status.startsWith('403') ? 2 : 1
  await vi.waitFor(() => expect(registered).toBe(wanted), { timeout: 10_000, interval: 10 })
})

it('takes the answer to an alarm, and its reset, as confirmed; an order of another machine counts nothing', async () => {
  const [socket, other] = [createSocket('udp4'), createSocket('udp4')]
  open.push(() => (socket.close(), other.close()))
  let at = 0
  socket.on('message', (bytes, from) => {
    at = from.port
    const headers = bytes
      .toString('latin1')
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
    if (!/^(REGISTER|MESSAGE)/.test(bytes.toString('latin1'))) return
    socket.send(
      `SIP/2.0 200 OK\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
      from.port,
      from.address,
    )
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve))
  const { outlet } = outletOf(socket.address().port)
  const confirmed: string[] = []
  await outlet.start?.({
    heard: () => undefined,
    confirmed: (id, words, who) => confirmed.push(`${id} ${words} ${who}`),
    noted: () => Promise.resolve(),
    answered: () => Promise.resolve(),
  })
  for (const id of ['g-1', 'g-2', 'g-3'])
    await outlet.send(
      [
        {
          ...red,
          id,
          number: Number.parseInt(id.slice(2), 10),
          ...(id === 'g-3' ? { village: 'other' } : {}),
        },
      ],
      never,
    )
  let sent = 0
  const say = (from: typeof socket, root: string, parts: Parameters<typeof encodeGbXml>[1]): void => {
    const body = encodeGbXml(root, parts)
    const head = `MESSAGE sip:${own}@127.0.0.1:${at} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${from.address().port};branch=z9hG4bK${++sent}\r\nFrom: <sip:${server}@x>;tag=1\r\nTo: <sip:${own}@x>\r\nCall-ID: c${sent}\r\nCSeq: 1 MESSAGE\r\nContent-Length: ${body.length}\r\n\r\n`
    from.send(Buffer.concat([Buffer.from(head), body]), at, '127.0.0.1')
  }
  const response = (sn: number) =>
    [
      ['CmdType', 'Alarm'],
      ['SN', sn],
      ['DeviceID', own],
      ['Result', 'OK'],
    ] as Parameters<typeof encodeGbXml>[1]
  say(other, 'Response', response(3))
  say(socket, 'Response', response(1))
  say(socket, 'Control', [
    ['CmdType', 'DeviceControl'],
    ['SN', 9],
    ['DeviceID', input],
    ['AlarmCmd', 'ResetAlarm'],
  ])
  await vi.waitFor(() => expect(confirmed.length).toBe(2), { timeout: 10_000, interval: 10 })
  expect(confirmed).toEqual([`g-1 Response Alarm OK ${server}`, `g-2 ResetAlarm ${server}`])
})

it('finds the channel, the method and the type of an alarm', () => {
  const { settings } = outletOf(5060, { methods: { smoke: 6 } })
  expect(channelOf(settings, { ...red, device: 'cam-1' })).toBe(camera)
  expect(channelOf(settings, { ...red, village: 'other' })).toBe(own)
  expect(gbMethodOf({ ...red, kind: 'water' })).toBe(2)
  expect(gbMethodOf({ ...red, kind: 'water' }, { water: 7 })).toBe(7)
  expect(gbMethodOf({ ...red, kind: 'smoke' }, settings.methods)).toBe(6)
  const tamper = gbAlarm({ ...red, kind: 'tamper' }, settings, () => 'x')
  expect(tamper.at(-1)).toEqual(['Info', [['AlarmType', 2]]])
})

it('pages a catalogue of 500 channels so that each datagram fits, and counts them all', () => {
  const channels = Array.from({ length: 500 }, (_, at) => ({
    code: `3206121000132${String(at).padStart(7, '0')}`,
    name: '上溪村'.repeat(8),
  }))
  const { settings } = outletOf(5060, { channels })
  const query = parseGbXml(
    Buffer.from(`<Query><CmdType>Catalog</CmdType><SN>1</SN><DeviceID>${own}</DeviceID></Query>`),
  )
  const asked = askedOf(query)
  const pages = asked ? answersTo(asked, { settings, nowMs: 0 }) : []
  const lists = pages.map(
    (page) => parseGbXml(page)?.children.find(({ name }) => name === 'DeviceList')?.children ?? [],
  )
  expect(lists.flat().map((item) => textOf(item, 'DeviceID'))).toEqual(channels.map(({ code }) => code))
  expect(new Set(pages.map((page) => textOf(parseGbXml(page), 'SumNum')))).toEqual(new Set(['500']))
  expect(Math.max(...pages.map((page) => page.length))).toBeLessThan(1300)
})

it('names a code that is used twice and a step that the standard does not have', () => {
  const { settings } = outletOf(5060)
  expect(checkGb28181('outlets.0', settings)).toEqual([])
  const doubled = { ...settings, channels: [...settings.channels, { code: camera, name: 'x' }] }
  expect(checkGb28181('outlets.0', doubled)).toMatchObject([{ path: 'outlets.0.channels.2.code' }])
  const over = settingsOf({ ...settings, rules: [{ steps: ['over'] }] }) as Gb28181Settings
  expect(checkGb28181('outlets.0', over)[0]?.message).toContain('no message for over')
})
