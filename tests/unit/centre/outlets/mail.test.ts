// Does an e-mail reach a foreign SMTP server, red alone and the others as one?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { MailSettings } from '../../../../centre/config/outlets/mail-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { createMailOutlet } from '../../../../centre/outlets/mail/mail-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'
import { settingsOf } from './outlet-kit.ts'

let server: SMTPServer
let got: { to: string[]; text: string }[]
let refuses: boolean
const never = new AbortController().signal

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(
        refuses
          ? Object.assign(new Error('mailbox \u001b[2Jfull'), { responseCode: 452 })
          : address
            ? null
            : null,
      ),
    onData: (stream, session, done) => {
      let text = ''
      stream.on('data', (part: Buffer) => (text += part.toString('utf8')))
      stream.on('end', () => {
        got.push({ to: session.envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
beforeEach(() => {
  got = []
  refuses = false
})
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

const given = (more: object = {}): object => ({
  type: 'mail',
  host: '127.0.0.1',
  security: 'none',
  from: 'gengfu@town.example',
  to: ['duty@town.example', 'chief@town.example'],
  ...more,
})
const outlet = () =>
  createMailOutlet({
    settings: settingsOf(given({ port: (server.server.address() as AddressInfo).port })) as MailSettings,
    textOf: ({ id, title }) => `${title.zh} ${id}`,
  })
const message = (id: string, part: Partial<OutletMessage> = {}): OutletMessage => ({
  ...testMessage(id, 1_760_000_000_000, 'ops'),
  ...part,
})
const decoded = (text: string): string => {
  const [, body = ''] = /\r\n\r\n([\s\S]*)$/.exec(text) ?? []
  if (/base64/i.test(text)) return Buffer.from(body, 'base64').toString('utf8')
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

it('sends one e-mail to all addresses, with an id that does not change', async () => {
  const sent = await outlet().send([message('g-1', { colour: 'red' })], never)
  expect(sent).toMatchObject({ state: 'handed-over' })
  expect(got[0]?.to).toEqual(['duty@town.example', 'chief@town.example'])
  expect(got[0]?.text).toMatch(/^Message-ID: <g-1.1@gengfu>/im)
  expect(got[0]?.text).toMatch(/^Importance: high/im)
  expect(decoded(got[0]?.text ?? '')).toContain('线路测试，请勿出警 g-1')
})

it('puts what was collected into one e-mail', async () => {
  const way = outlet()
  expect([way.batchMax, way.groupMs]).toEqual([100, 600_000])
  await way.send([message('g-1'), message('g-2')], never)
  expect(got.length).toBe(1)
  expect(decoded(got[0]?.text ?? '')).toMatch(/g-1[\s\S]*g-2/)
  expect(got[0]?.text).toMatch(/^X-Gengfu-Ids: g-1 g-2/im)
})

it.each(['tls', 'starttls'] as const)(
  'sends by %s to a server that the given authority has proven, and to no other',
  async (security) => {
    const authority = await createAuthority()
    const { cert, key } = await authority.issueServer()
    const taken: string[] = []
    const secure = new SMTPServer({
      secure: security === 'tls',
      key,
      cert,
      authOptional: true,
      onData: (stream, session, done) => {
        taken.push(String(session.secure))
        stream.resume()
        stream.on('end', () => done())
      },
    })
    secure.on('error', () => undefined)
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-mail-'))
    const caFile = join(folder, 'ca.pem')
    const { port } = secure.server.address() as AddressInfo
    const send = () =>
      createMailOutlet({
        settings: settingsOf(given({ port, security, caFile })) as MailSettings,
        textOf: () => 'text',
      }).send([message('g-1')], AbortSignal.timeout(10_000))
    try {
      writeFileSync(caFile, authority.cert)
      expect(await send()).toMatchObject({ state: 'handed-over' })
      expect(taken).toEqual(['true'])
      writeFileSync(caFile, (await createAuthority('another')).cert)
      await expect(send()).rejects.toThrow(/certificate|signature/)
      expect(taken).toHaveLength(1)
    } finally {
      await new Promise<void>((resolve) => secure.close(() => resolve()))
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

it('says the words of a server that refuses, and ends when it is told to', async () => {
  refuses = true
  await expect(outlet().send([message('g-1')], never)).rejects.toThrow(/full/)
  const ended = new AbortController()
  ended.abort()
  refuses = false
  // No promise about an attempt that is over, but it ends.
  await outlet()
    .send([message('g-1')], ended.signal)
    .catch(() => undefined)
})

it('shows the e-mail without sending it, and sends nothing in plain text to another machine', async () => {
  expect(await outlet().preview([message('g-1')])).toMatch(/^To: duty@town.example, chief@town.example/m)
  expect(got).toEqual([])
  expect(checkOutlets([settingsOf(given({ host: 'mail.example.com' }))])).toMatchObject([
    { path: 'outlets.0.security' },
  ])
})
