// Does a short message leave by gammu-smsd or by HTTP, bounded for each number, and does an answer by key come back?
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { SmsSettings } from '../../../../centre/config/outlets/sms-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { testMessage, type OutletMessage } from '../../../../centre/outlets/message.ts'
import { isSameNumber, lastSentTo, readIncoming } from '../../../../centre/outlets/sms/gammu-folders.ts'
import { fillBody } from '../../../../centre/outlets/sms/sms-http.ts'
import { createSmsOutlet, keyOf } from '../../../../centre/outlets/sms/sms-outlet.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
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
  const answers: unknown[][] = []
  const answered = async (...said: unknown[]): Promise<void> => void answers.push(said)
  await outlet.start?.({ heard: () => undefined, confirmed: () => undefined, answered })
  // As the program writes it: without the country, in UTF-16.
  writeFileSync(at('draft'), Buffer.from('\uFEFF４ 马上到', 'utf16le'))
  renameSync(at('draft'), join(at('in'), 'IN20261130_120000_00_13800000001_00.txt'))
  await vi.waitFor(() => expect(answers).toEqual([['g-7', 'accept', '４ 马上到', '138****0001']]), {
    timeout: 20_000,
  })
  await vi.waitFor(() => expect(readdirSync(at('in'))).toEqual([]), { timeout: 20_000 })
  void outlet.stop?.()
})

it('an answer is to the newest message before it, to this very number', async () => {
  const folder = at('sent-before')
  mkdirSync(folder)
  const put = (phone: string, id: string, atS: number): void => {
    const file = join(folder, `OUTA20000101_000000_00_${phone}_${id}.txt`)
    writeFileSync(file, 'x')
    utimesSync(file, atS, atS)
  }
  put('+8613800000001', 'g-1', 1000)
  put('+8613800000001', 'g-2', 2000)
  put('+8613800000001', 'g-3', 3000)
  put('+13800000001', 'g-4', 2100)
  const asked = (phone: string, atS: number) => lastSentTo(folder, phone, atS * 1000)
  expect(await asked('+8613800000001', 2500)).toBe('g-2')
  expect(await asked('+8613800000001', 3500)).toBe('g-3')
  expect(await asked('+13800000001', 3500)).toBe('g-4')
  expect(await asked('+8613800000001', 500)).toBeUndefined()
})

it.each([
  ['+8613800000001', '13800000001', true],
  ['+8613800000001', '+8613800000001', true],
  ['+8613800000001', '+13800000001', false],
  ['13800000001', '13800000002', false],
  ['+', '+8613800000001', false],
])('%s and %s are one number: %s', (one, other, expected) => {
  expect(isSameNumber(one, other)).toBe(expected)
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
  ['4', 'accept'],
  [' ５。', 'pass-on'],
  ['6已处理', 'done'],
  ['42', undefined],
  ['好', undefined],
  ['', undefined],
])('takes the answer %j as %s', (text, key) => {
  expect(keyOf(text)).toBe(key)
})

it('asks for a way and for numbers', () => {
  expect(checkOutlets([settingsOf({ type: 'sms' })]).map(({ path }) => path)).toEqual([
    'outlets.0',
    'outlets.0',
  ])
})
