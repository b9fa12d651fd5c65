// Does a program on trial write what the release script reads, and does a program that is not on trial say whether it had a link?
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { GatewayConfig } from '../../../../gateway/config/config.ts'
import { proveRelease, type ProveReleaseOptions } from '../../../../gateway/wiring/release/prove-release.ts'
import { RunningParts } from '../../../../platform/running-parts.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const clock = createSystemClock()
let folder: string
let consolePage: Server
let parts: RunningParts
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-proof-'))
  mkdirSync(join(folder, 'opt/releases/1.1.0'), { recursive: true })
  consolePage = createServer((_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => consolePage.listen(0, '127.0.0.1', resolve))
  parts = new RunningParts({ clock, deadlineMs: 4000 })
})
afterEach(async () => {
  await parts.stop()
  consolePage.closeAllConnections()
  consolePage.close()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string): string => join(folder, 'data/release', name)
const beginTrial = (): void =>
  writeFileSync(join(folder, 'opt/trial'), 'version=1.1.0\nprevious=1.0.0\nstarts=1\n')

function prove(change: Partial<ProveReleaseOptions> = {}): void {
  const config = { dataDir: join(folder, 'data') } as GatewayConfig
  const base = { config, logger: pino({ level: 'silent' }), clock, random: createSystemRandom() }
  const { port } = consolePage.address() as AddressInfo
  proveRelease({ ...base, metrics: new Registry(), version: '1.1.0', parts }, {
    journal: { readQuarantine: async () => [] },
    broker: { proveAnswer: async () => undefined },
    uplink: undefined,
    consoleUrl: `http://127.0.0.1:${port}`,
    lastReceiptMs: () => undefined,
    onFailed: () => undefined,
    folder: join(folder, 'opt/releases/1.1.0'),
    ...change,
  } as ProveReleaseOptions)
}

it('a version that works is confirmed on a box without a centre, and only proven until a Receipt on one with', async () => {
  beginTrial()
  prove()
  await vi.waitFor(() => expect(readFileSync(file('confirmed'), 'utf8')).toBe('1.1.0\n'), 20_000)
  prove({ uplink: { facts: async () => ({ state: 'down' }) as never } })
  await vi.waitFor(() => expect(readFileSync(file('proven'), 'utf8')).toBe('1.1.0\n'), 20_000)
})

it('a version whose devices get no answer says nothing yet', async () => {
  beginTrial()
  const proveAnswer = vi.fn(() => Promise.reject(new Error('no PUBACK')))
  prove({ broker: { proveAnswer } })
  await vi.waitFor(() => expect(proveAnswer.mock.calls.length).toBeGreaterThan(0), 20_000)
  expect(existsSync(file('confirmed')) || existsSync(file('proven'))).toBe(false)
})

it('a version that is not on trial says at its stop whether it had a link', async () => {
  prove({ lastReceiptMs: () => clock.monotonicMs() })
  await parts.stop()
  expect(readFileSync(file('had-link'), 'utf8')).toBe('1.1.0\nyes\n')
})
