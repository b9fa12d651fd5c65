// Does a webhook arrive as its receiver expects it, and can the signature be checked with openssl alone?
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { WebhookSettings } from '../../../../platform/outlets/settings/webhook-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { answerBytesMax } from '../../../../platform/outlets/answer-bytes.ts'
import { testMessage } from '../../../../platform/outlets/message.ts'
import { createWebhookOutlet } from '../../../../platform/outlets/webhook/webhook-outlet.ts'
import { standardSignature } from '../../../../platform/outlets/webhook/signatures.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { settingsOf } from './outlet-kit.ts'

const clock = createSystemClock()
const never = new AbortController().signal
const message = testMessage('g-1', 1_760_000_000_000, 'ops')
let folder: string
let server: Server
let url: string
let answer: (response: ServerResponse) => void
let got: { request: IncomingMessage; body: string }[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-webhook-'))
  writeFileSync(join(folder, 'secret'), 'a secret of the robot\n')
  writeFileSync(
    join(folder, 'standard'),
    `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}\n`,
  )
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString('utf8')))
    request.on('end', () => {
      got.push({ request, body })
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/hook?key=shh`
})
beforeEach(() => {
  got = []
  answer = (response) => response.end('{"errcode":0,"code":0}')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const outletOf = (more: object) =>
  createWebhookOutlet({
    settings: settingsOf({ type: 'webhook', url, ...more }) as WebhookSettings,
    textOf: () => '红色 紧急求助',
    clock,
  })

it('signs after Standard Webhooks: checked with openssl alone', async () => {
  const outlet = outletOf({ secretFile: join(folder, 'standard') })
  expect(await outlet.send([message], never)).toMatchObject({ state: 'handed-over' })
  const { request, body } = got[0] ?? { request: undefined, body: '' }
  const header = (name: string): string => String(request?.headers[name])
  writeFileSync(join(folder, 'signed'), `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`)
  const hexKey = Buffer.from('0123456789abcdef01234567').toString('hex')
  const mac = execFileSync('openssl', [
    'dgst',
    '-sha256',
    '-mac',
    'HMAC',
    '-macopt',
    `hexkey:${hexKey}`,
    '-binary',
    join(folder, 'signed'),
  ])
  expect(header('webhook-signature')).toBe(`v1,${mac.toString('base64')}`)
  expect(header('webhook-id')).toBe('g-1')
  expect(JSON.parse(body)).toMatchObject({ type: 'case.raised', data: { id: 'g-1', words: '红色 紧急求助' } })
})

it('signs as the public example of Standard Webhooks', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const signature = standardSignature(
    secret,
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330,
    '{"test": 2432232314}',
  )
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

it.each(['dingtalk', 'feishu'])('signs for the robot of %s: checked with openssl alone', async (template) => {
  const outlet = outletOf({ template, secretFile: join(folder, 'secret') })
  expect(await outlet.send([message], never)).toMatchObject({ state: 'handed-over' })
  const { request, body } = got[0] ?? { request: undefined, body: '{}' }
  const query = new URL(request?.url ?? '', url).searchParams
  const said = JSON.parse(body) as { timestamp?: string; sign?: string }
  const time = template === 'dingtalk' ? query.get('timestamp') : said.timestamp
  const text = `${time}\na secret of the robot`
  const [key, content] = template === 'dingtalk' ? ['a secret of the robot', text] : [text, '']
  writeFileSync(join(folder, 'signed'), content ?? '')
  const hexKey = Buffer.from(key ?? '').toString('hex')
  const mac = execFileSync('openssl', [
    'dgst',
    '-sha256',
    '-mac',
    'HMAC',
    '-macopt',
    `hexkey:${hexKey}`,
    '-binary',
    join(folder, 'signed'),
  ])
  expect(template === 'dingtalk' ? query.get('sign') : said.sign).toBe(mac.toString('base64'))
  expect(body).toContain('红色 紧急求助')
})

it('takes a robot at its code, not at its status', async () => {
  answer = (response) => response.end('{"errcode":310000,"errmsg":"keywords not in content"}')
  const refused = await outletOf({ template: 'wecom' }).send([message], never)
  expect(refused).toMatchObject({ state: 'refused' })
  expect(refused.words).toContain('keywords not in content')
  expect(JSON.parse(got[0]?.body ?? '')).toEqual({ msgtype: 'text', text: { content: '红色 紧急求助' } })
})

it.each([
  [200, 'handed-over', undefined],
  [503, 'refused', undefined],
  [401, 'refused', undefined],
  [410, 'refused', true],
])('takes status %i as %s', async (status, state, isFinal) => {
  answer = (response) => void response.writeHead(status).end('words')
  const said = await outletOf({}).send([message], never)
  expect(said).toMatchObject({ state, words: `${status} words` })
  expect('isFinal' in said ? said.isFinal : undefined).toBe(isFinal)
})

it('takes the word of a program that has stored it, follows no redirect, and reads no endless answer', async () => {
  answer = (response) => response.end('{"confirmed":true}')
  expect(await outletOf({}).send([message], never)).toMatchObject({ state: 'confirmed' })
  answer = (response) => void response.writeHead(302, { location: url }).end()
  got = []
  expect(await outletOf({}).send([message], never)).toMatchObject({ state: 'refused' })
  expect(got.length).toBe(1)
  answer = (response) => {
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more))
    }
    more()
  }
  const endless = await outletOf({}).send([message], never)
  expect(endless.words.length).toBeLessThanOrEqual(answerBytesMax + 4)
})

it('shows the bytes without the key in the address, and refuses plain http outside of loopback', async () => {
  const shown = await outletOf({}).preview([message])
  expect(shown).toContain('/...?...')
  expect(shown).not.toContain('hook?')
  expect(shown).not.toContain('shh')
  const far = settingsOf({ type: 'webhook', url: 'http://example.com/hook' })
  expect(checkOutlets([far])).toMatchObject([{ path: 'outlets.0.url' }])
})
