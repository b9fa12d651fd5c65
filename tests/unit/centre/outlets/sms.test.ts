// Does a short message leave by gammu-smsd or by HTTP, bounded for each number, and does an answer by key come back?
import { spawn, type ChildProcess } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { SmsSettings } from '../../../../platform/outlets/settings/sms-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { readIncoming, sentTo, wholeNumber } from '../../../../platform/outlets/sms/gammu-folders.ts'
import {
  answersHourMax,
  parseAnswer,
  SmsAnswers,
  wrongCodesHourMax,
} from '../../../../platform/outlets/sms/sms-answers.ts'
import { fillBody, shownRequest } from '../../../../platform/outlets/sms/sms-http.ts'
import { createSmsOutlet } from '../../../../platform/outlets/sms/sms-outlet.ts'
import { createSystemClock, VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { settingsOf } from './outlet-kit.ts'

const clock = createSystemClock()
const never = new AbortController().signal
let folder: string
let modem: ChildProcess
let server: Server
let url: string
const bodies: string[] = []
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-sms-'))
  for (const name of ['in', 'out', 'sent', 'err', 'modem']) mkdirSync(at(name))
  const lines = [
    '[gammu]',
    'model = dummy',
    'connection = none',
    `device = ${at('modem')}`,
    '[smsd]',
    'service = files',
    `logfile = ${at('log')}`,
    'commtimeout = 1',
    'loopsleep = 1',
    `inboxpath = ${at('in')}/`,
    `outboxpath = ${at('out')}/`,
    `sentsmspath = ${at('sent')}/`,
    `errorsmspath = ${at('err')}/`,
  ]
  writeFileSync(at('smsdrc'), lines.join('\n'))
  modem = spawn('gammu-smsd', ['-c', at('smsdrc')], { stdio: 'ignore' })
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString('utf8')))
    request.on('end', () => {
      bodies.push(body)
      response.end(body.includes('13800000009') ? '{"code":"LIMIT"}' : '{"code":"OK"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
})
afterAll(async () => {
  const ended = new Promise((resolve) => modem.once('exit', resolve))
  modem.kill()
  await ended
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const { isTest: _test, ...base } = testMessage('g-1', 1_760_000_000_000, 'centre')
const message = (part: Partial<OutletMessage> = {}): OutletMessage => ({
  ...base,
  isDrill: false,
  colour: 'red',
  ...part,
})
const gammu = () => ({
  outboxFolder: at('out'),
  sentFolder: at('sent'),
  errorFolder: at('err'),
  inboxFolder: at('in'),
})
const outletOf = (more: object, onDuty: string[] = []) =>
  createSmsOutlet({
    settings: settingsOf({ type: 'sms', ...more }) as SmsSettings,
    textOf: ({ title }) => `${title.zh} 上溪村`,
    phonesOnDuty: async () => onDuty,
    clock,
    random: createSystemRandom(),
    onFailed: (error) => {
      throw error
    },
  })

it('leaves by gammu-smsd and its modem, and the answer of the person comes back to the same message', async () => {
  const outlet = outletOf({ gammu: gammu(), numbers: ['+8613800000001'], timeoutSeconds: 60 })
  const sent = await outlet.send([message({ id: 'g-7' })], never)
  expect(sent).toEqual({ state: 'handed-over', words: '+86138****0001 sent' })
  expect(readdirSync(at('sent'))).toEqual(['OUTA20000101_000000_00_+8613800000001_g-7.txt'])
  // A second attempt after its note was lost sends nothing again.
  await outlet.send([message({ id: 'g-7' })], never)
  expect(readdirSync(at('sent')).length).toBe(1)
  const [file = ''] = readdirSync(at('sent'))
  const [, code = ''] = /“4 (\d{4})”/.exec(readFileSync(join(at('sent'), file)).toString('utf16le')) ?? []
  const answers: unknown[][] = []
  const answered = async (...said: unknown[]): Promise<void> => void answers.push(said)
  const noted = async (...said: unknown[]): Promise<void> => void answers.push(['note', ...said])
  await outlet.start?.({ heard: () => undefined, confirmed: () => undefined, answered, noted })
  // As the program writes it: without the country, in UTF-16.
  const say = (text: string, second: number): void => {
    writeFileSync(at('draft'), Buffer.from(`\uFEFF${text}`, 'utf16le'))
    renameSync(at('draft'), join(at('in'), `IN20261130_1200${second}_00_13800000001_00.txt`))
  }
  say('4 马上到', 10)
  say(`４ ${code} 马上到`, 11)
  await vi.waitFor(() => expect(answers).toHaveLength(2), { timeout: 20_000 })
  expect(answers).toEqual([
    ['note', 'g-7', '4 马上到', '138****0001'],
    ['g-7', 'accept', `４ ${code} 马上到`, '138****0001'],
  ])
  await vi.waitFor(() => expect(readdirSync(at('in'))).toEqual([]), { timeout: 20_000 })
  void outlet.stop?.()
})

it('knows what was sent to this very number before an answer, and the code of each', async () => {
  const folder = at('sent-before')
  mkdirSync(folder)
  const put = (phone: string, id: string, atS: number, code = '1111'): void => {
    const file = join(folder, `OUTA20000101_000000_00_${phone}_${id}.txt`)
    writeFileSync(file, Buffer.from(`\uFEFF回复“4 9999”。回复“4 ${code}”接警 5转交 6已处理`, 'utf16le'))
    utimesSync(file, atS, atS)
  }
  put('+8613800000001', 'g-1', 101_000)
  put('+8613800000001', 'g-2', 102_000, '2222')
  put('+8613800000001', 'g-3', 103_000)
  put('+13800000001', 'g-4', 102_100)
  const asked = async (phone: string, atS: number) =>
    (await sentTo(folder, phone, atS * 1000, '86')).map(({ id, code }) => `${id} ${code}`)
  expect(await asked('13800000001', 102_500)).toEqual(['g-2 2222', 'g-1 1111'])
  expect(await asked('+8613800000001', 103_500)).toEqual(['g-3 1111', 'g-2 2222', 'g-1 1111'])
  expect(await asked('+13800000001', 103_500)).toEqual(['g-4 1111'])
  expect(await asked('00001', 103_500)).toEqual([])
  expect(await asked('+8613800000001', 100_500)).toEqual([])
  expect(await asked('+8613800000001', 200_000)).toEqual([])
})

it.each([
  ['13800000001', '8613800000001'],
  ['+8613800000001', '8613800000001'],
  ['008613800000001', '8613800000001'],
  ['8613800000001', '8613800000001'],
  ['057112345678', '8657112345678'],
  ['+13800000001', '13800000001'],
  ['00001', '001'],
])('%s is the whole number %s', (phone, expected) => {
  expect(wholeNumber(phone, '86')).toBe(expected)
})

const sent = [
  { id: 'g-2', code: '2222' },
  { id: 'g-1', code: '1111' },
]
const judge = (isCodeNeeded = true, steps = new VirtualClock()) => {
  const answers = new SmsAnswers({ clock: steps, isCodeNeeded })
  return (text: string, to = sent) => answers.judge('8613800000001', text, to)
}

it.each([
  ['4 1111', { id: 'g-1', key: 'accept' }],
  ['6 2222 好', { id: 'g-2', key: 'done' }],
  ['4', { id: 'g-2' }],
  ['4 3333', { id: 'g-2' }],
  ['好', { id: 'g-2' }],
])('two numbers are forged at no case: the answer %j means %j', (text, expected) => {
  expect(judge()(text)).toEqual(expected)
})

it('a key alone acts only where that is allowed and one message is meant', () => {
  expect(judge(false)('4', sent.slice(0, 1))).toEqual({ id: 'g-2', key: 'accept' })
  expect(judge(false)('4')).toEqual({ id: 'g-2' })
  expect(judge(true)('4', sent.slice(0, 1))).toEqual({ id: 'g-2' })
})

it('codes are guessed a few times an hour, and answers of a number fill no history', () => {
  const steps = new VirtualClock()
  const one = judge(true, steps)
  for (let at = 0; at < wrongCodesHourMax; at++) one('4 3333')
  expect(one('4 1111')).toEqual({ id: 'g-2' })
  for (let at = wrongCodesHourMax + 1; at < answersHourMax; at++) one('好')
  expect(one('好')).toBeUndefined()
  steps.advance(3_600_001)
  expect(one('4 1111')).toEqual({ id: 'g-1', key: 'accept' })
  expect(one('4 1111', [])).toBeUndefined()
})

it('two outlets cannot read the answers of one folder', () => {
  const sms = { type: 'sms', numbers: ['13800000001'], gammu: gammu() }
  const problems = checkOutlets([settingsOf({ ...sms, name: 'a' }), settingsOf({ ...sms, name: 'b' })])
  expect(problems).toMatchObject([{ path: 'outlets.1.gammu.inboxFolder' }])
})

it('reads no file that is no message, and keeps none', async () => {
  const other = at('other')
  mkdirSync(other)
  writeFileSync(join(other, 'IN_rubbish.txt'), 'x')
  writeFileSync(join(other, 'IN20261130_120000_00_+8613800000001_00.txt'), Buffer.alloc(100_000))
  writeFileSync(join(other, 'notes.txt'), 'x')
  expect(await readIncoming(other)).toEqual([])
  expect(readdirSync(other)).toEqual(['notes.txt'])
})

it('leaves by HTTP to people on duty too, and says who did not get it', async () => {
  const http = { url, body: '{"to":"{phone}","text":"{text}"}', okText: '"OK"' }
  const outlet = outletOf({ http, numbers: ['13800000001'], duty: { roles: ['village-doctor'] } }, [
    '13800000009',
  ])
  const words = '138****0001 sent; 138****0009 200 {"code":"LIMIT"}'
  expect(await outlet.send([message()], never)).toEqual({ state: 'handed-over', words })
  expect(JSON.parse(bodies[0] ?? '')).toEqual({ to: '13800000001', text: '线路测试，请勿出警 上溪村' })
})

it('sends a number no more than its share in an hour, and red four times as often', async () => {
  const outlet = outletOf({ http: { url, body: '{phone}' }, numbers: ['13800000001'], perPersonHourMax: 2 })
  const states = async (colour: 'blue' | 'red', count: number): Promise<string[]> => {
    const said: string[] = []
    for (let i = 0; i < count; i++) said.push((await outlet.send([message({ colour })], never)).state)
    return said
  }
  expect(await states('blue', 3)).toEqual(['handed-over', 'handed-over', 'refused'])
  expect(await states('red', 7)).toEqual([...Array<string>(6).fill('handed-over'), 'refused'])
})

it('lets no word of a person change the request', () => {
  const text = '"}]\n&{phone}'
  expect(
    JSON.parse(fillBody({ body: '{"t":"{text}"}', contentType: 'application/json' }, '1', text)),
  ).toEqual({ t: text })
  const form = fillBody(
    { body: 't={text}&p={phone}', contentType: 'application/x-www-form-urlencoded' },
    '+86',
    text,
  )
  expect(Object.fromEntries(new URLSearchParams(form))).toEqual({ t: text, p: '+86' })
})

it.each([
  ['4', { key: 'accept' }],
  [' ５。', { key: 'pass-on' }],
  ['6已处理', { key: 'done' }],
  ['4 1234', { key: 'accept', code: '1234' }],
  ['５：１２３４', { key: 'pass-on', code: '1234' }],
  ['41234', { key: 'accept', code: '1234' }],
  ['42', undefined],
  ['4 12345', undefined],
  ['好', undefined],
  ['', undefined],
])('takes the answer %j as %j', (text, expected) => {
  expect(parseAnswer(text)).toEqual(expected)
})

it.each([
  ['{"key":"s3cret","pin":4711,"to":["s3cret {phone}"],"text":"{text}"}', 'application/json' as const],
  ['key=s3cret&pin=4711&to={phone}&text={text}', 'application/x-www-form-urlencoded' as const],
  ['key s3cret 4711 {phone} {text}', 'application/json' as const],
])('shows no key of the provider in a test without sending: %s', (body, contentType) => {
  const shown = shownRequest({ url, body, contentType }, '13800000001', 'help')
  expect(shown).toContain('13800000001')
  expect(shown).toContain('help')
  expect(shown).not.toMatch(/s3cret|4711/)
})

it('asks for a way and for numbers', () => {
  expect(checkOutlets([settingsOf({ type: 'sms' })]).map(({ path }) => path)).toEqual([
    'outlets.0',
    'outlets.0',
  ])
})
