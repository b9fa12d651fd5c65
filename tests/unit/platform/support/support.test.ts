// Does no secret leave the machine in a support bundle, does each part of a log get its own level for a time, and does the door of a running
// program answer its owner?
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  callControlSocket,
  ControlSocket,
  controlSocketOf,
} from '../../../../platform/support/control-socket.ts'
import { levelCalls } from '../../../../platform/support/level-calls.ts'
import { LogLevels } from '../../../../platform/support/log-levels.ts'
import { LogRing, ringBytesMax } from '../../../../platform/support/log-ring.ts'
import { openProgramLog } from '../../../../platform/support/program-log.ts'
import { secretsOf, withoutSecrets } from '../../../../platform/support/secrets.ts'
import { createBundle } from '../../../../platform/support/support-bundle.ts'
import { runLogLevel, runSupportBundle } from '../../../../platform/support/support-commands.ts'
import { tarOf } from '../../../../platform/support/tar.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { bad, ok } from '../../../../protocols/kit/result.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-support-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Unpacked by the system's own tar. */
function unpack(bundle: Uint8Array): Record<string, string> {
  const file = join(folder, 'bundle.tar.gz')
  writeFileSync(file, bundle)
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n')
  return Object.fromEntries(
    names.map((name) => [
      name.replace('support/', ''),
      execFileSync('tar', ['-xzOf', file, name], { encoding: 'utf8' }),
    ]),
  )
}

const planted = {
  camera: 'Cam-Passw0rd-77',
  device: 'scryptHashOfDoorOne12345',
  webhook: 'whsec_93jd8d7s6d',
  url: 'hunter2-in-url',
  bearer: 'abcdef0123456789abcdef',
  code: 'K7QH-2M9X-0ABC-D',
  inline: 'inline secret with spaces',
  token: 'tok-998877665544',
}

test('finds none of the planted secrets, wherever they stand, and keeps what helps', () => {
  const at = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const key = `-----BEGIN PRIVATE KEY-----\n${'MIGHAgEAMBMGByqGSM49AgEG'.repeat(4)}\n-----END PRIVATE KEY-----\n`
  const config = {
    box: { id: 'upper-brook' },
    mqtt: { passwordFile: at('passwords', `door-1:${planted.device}\n`) },
    uplink: { url: `mqtts://box:${planted.url}@town:8883`, keyFile: at('box.key', key) },
    cameras: [{ id: 'cam-1', passwordFile: at('cam', `${planted.camera}\n`) }],
    outlets: [{ name: 'hook', secretFile: at('hook', planted.webhook), password: planted.inline }],
  }
  const log = [
    { msg: 'connected', url: `rtsp://admin:${planted.camera}@10.0.0.9/` },
    { msg: 'sent', authorization: `Bearer ${planted.bearer}` },
    { msg: 'enrolled', link: `https://town/e#${planted.code}.${'a'.repeat(64)}`, code: planted.code },
    { msg: 'query', path: `/x?token=${planted.token}&lang=zh` },
    {
      msg: 'coded',
      basic: Buffer.from(planted.camera).toString('base64'),
      uri: encodeURIComponent(planted.inline),
    },
    { msg: 'key', pem: key },
    { msg: 'door-1 opened', hash: planted.device },
  ]
  const parts = unpack(
    createBundle({
      config,
      atMs: 0,
      parts: [{ name: 'log.jsonl', text: log.map((line) => `${JSON.stringify(line)}\n`).join('') }],
    }),
  )
  const all = Object.values(parts).join('\n')
  for (const [name, secret] of Object.entries(planted)) {
    expect([name, all.includes(secret)]).toEqual([name, false])
    expect([name, all.includes(Buffer.from(secret).toString('base64'))]).toEqual([name, false])
    expect([name, all.includes(encodeURIComponent(secret))]).toEqual([name, false])
  }
  expect(all).not.toContain('MIGHAgEAMBMGByqGSM49AgEG')
  expect(Object.keys(parts)).toEqual(['about.txt', 'config.json', 'log.jsonl'])
  expect(parts['log.jsonl']).toContain('door-1 opened')
  expect(JSON.parse(parts['config.json'] ?? '')).toMatchObject({
    box: { id: 'upper-brook' },
    cameras: [{ id: 'cam-1' }],
  })
})

test('twin: without the list of secrets the plain ones would be there', () => {
  const text = `the camera said ${planted.camera}`
  expect(withoutSecrets(text, [])).toContain(planted.camera)
  expect(withoutSecrets(text, secretsOf({ password: planted.camera }))).not.toContain(planted.camera)
  // A short word is no reason to blacken every text.
  expect(withoutSecrets('an alarm', secretsOf({ password: 'an' }))).toBe('an alarm')
})

test('an archive holds files whose length is no multiple of a block', () => {
  const bytes = tarOf([{ name: 'support/a', content: Buffer.from('x'.repeat(513)) }], 0)
  expect(bytes.length % 512).toBe(0)
  writeFileSync(join(folder, 'a.tar'), bytes)
  expect(execFileSync('tar', ['-xOf', join(folder, 'a.tar')], { encoding: 'utf8' })).toBe('x'.repeat(513))
  expect(() => tarOf([{ name: 'n'.repeat(101), content: Buffer.alloc(0) }], 0)).toThrow('too long')
})

test('the latest lines stay in memory, the oldest go', () => {
  const ring = new LogRing()
  const line = `${'x'.repeat(99)}\n`
  for (let at = 0; at < (ringBytesMax / 100) * 3; at++) ring.add(at === 0 ? 'first\n' : line)
  ring.add('last\n')
  expect(ring.text().length).toBeLessThanOrEqual(ringBytesMax + 100)
  expect(ring.text()).not.toContain('first')
  expect(ring.text().endsWith('last\n')).toBe(true)
})

test('one part speaks more for a time, then as before; a part that is made later too', () => {
  const clock = new VirtualClock()
  const levels = new LogLevels()
  const root = pino({ level: 'info', enabled: true, onChild: (child) => levels.add(child as never) }, {
    write: () => {},
  } as never)
  levels.start(root)
  const [uplink, broker] = [root.child({ part: 'uplink' }), root.child({ part: 'broker' })]
  expect(levels.set('uplink', 'debug', 30, clock)).toEqual(ok(undefined))
  expect([uplink.level, broker.level, root.child({ part: 'uplink' }).level]).toEqual([
    'debug',
    'info',
    'debug',
  ])
  expect(levels.list(clock.monotonicMs())).toContainEqual({ part: 'uplink', level: 'debug', minutesLeft: 30 })
  expect(levels.set('nothing', 'debug', 30, clock)).toEqual(
    bad(expect.stringContaining('uplink') as string, 'part'),
  )
  clock.advance(30 * 60_000)
  expect(uplink.level).toBe('info')
  levels.set('all', 'trace', 5, clock)
  levels.set('broker', 'error', 5, clock)
  expect([uplink.level, broker.level]).toEqual(['trace', 'error'])
  levels.set('all', 'trace', 0, clock)
  expect([uplink.level, broker.level]).toEqual(['info', 'error'])
  levels.stop()
  expect(broker.level).toBe('info')
})

test("the commands reach a running program over its door, which is its owner's alone", async () => {
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const clock = new VirtualClock()
  const program = openProgramLog({ level: 'warn', base: {} })
  program.logger.child({ part: 'uplink' }).warn('a line')
  const config = join(folder, 'gateway.yaml')
  writeFileSync(config, JSON.stringify({ dataDir: folder, mqtt: {} }))
  const door = new ControlSocket(
    folder,
    {
      bundle: async () =>
        ok(createBundle({ config: {}, parts: [{ name: 'log', text: program.lines.text() }], atMs: 0 })),
      ...levelCalls(program.levels, clock),
    },
    pino({ level: 'silent' }),
  )
  await door.start()
  expect(statSync(controlSocketOf(folder)).mode & 0o777).toBe(0o600)
  const out = join(folder, 'out.tar.gz')
  await runSupportBundle(['--config', config, '--out', out])
  expect(unpack(readFileSync(out))['log']).toContain('a line')
  expect(statSync(out).mode & 0o777).toBe(0o600)
  written.length = 0
  await runLogLevel(['uplink', 'debug', '--config', config, '--json'])
  expect(JSON.parse(written.join(''))).toContainEqual({ part: 'uplink', level: 'debug', minutesLeft: 60 })
  expect(process.exitCode ?? 0).toBe(0)
  await runLogLevel(['uplink', 'loud', '--config', config])
  expect(process.exitCode).toBe(2)
  process.exitCode = 0
  expect(await callControlSocket(folder, 'no-such-call')).toMatchObject({ ok: false })
  await door.stop()
  expect(await callControlSocket(folder, 'bundle')).toBe(undefined)
  // Of a machine whose program does not run: what is on its disk.
  await runSupportBundle(['--config', config, '--out', out])
  spy.mockRestore()
  expect(Object.keys(unpack(readFileSync(out)))).toContain('stopped.txt')
  process.exitCode = 0
})
