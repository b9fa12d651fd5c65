// `gengfu update` as a person uses it: does it say what would be installed, install it, and refuse with a reason?
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runUpdate } from '../../../../gateway/cli/update-command.ts'
import { ReleaseBench } from '../../../kits/system/release-bench.ts'

let bench: ReleaseBench
let printed: string
beforeEach(() => {
  bench = new ReleaseBench()
  bench.install('1.0.0')
  printed = ''
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
  const config = `box: { id: upper-brook }\ndataDir: ${bench.data}\nmqtt: { listeners: [{ host: 127.0.0.1, port: 1883 }] }\nupdates: { keyFile: ${bench.keyFile} }\n`
  writeFileSync(join(bench.folder, 'gateway.yaml'), config)
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
  bench.close()
})

async function run(name: string, ...flags: string[]): Promise<number> {
  process.exitCode = 0
  const own = [
    '--config',
    join(bench.folder, 'gateway.yaml'),
    '--root',
    bench.root,
    '--script',
    bench.releaseScript,
  ]
  await runUpdate([name, ...own, ...flags])
  return Number(process.exitCode ?? 0)
}

it('checks, installs and reports a release from a folder', { timeout: 60_000 }, async () => {
  bench.offer('1.1.0', { architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' })
  expect(await run('check', '--from', bench.offered)).toBe(0)
  expect(printed).toContain('1.1.0 may be installed')
  expect(bench.current()).toBe('1.0.0')
  expect(await run('install', '--from', bench.offered)).toBe(0)
  expect(bench.current()).toBe('1.1.0')
  expect(printed).toContain('systemctl restart gengfu-gateway')
  await run('status')
  expect(printed).toContain('on trial 试用中; the version before 前一版本: 1.0.0')
})

it('refuses with code 1 what is signed and does not fit, and says what is missing', async () => {
  bench.offer('1.1.0', {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    expiresAt: '2021-01-01T00:00:00Z',
  })
  expect(await run('install', '--from', bench.offered)).toBe(1)
  expect(printed).toContain('expired')
  expect(await run('install')).toBe(2)
  expect(printed).toContain('--from')
  chmodSync(bench.keyFile, 0o600)
  writeFileSync(bench.keyFile, 'no key')
  expect(await run('check', '--from', bench.offered)).not.toBe(0)
})
