// Does the supervisor's own socket get the watchdog messages, through systemd's program, as often as it asks and no
// more?
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createWatchdog } from '../../../platform/systemd-watchdog.ts'

/** Opens the socket, reports it, and prints the watchdog messages that it gets. */
const supervisor = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
  text = s.recv(4096).decode().strip()
  if "WATCHDOG" in text: print(text, flush=True)
`

it(
  'tells the supervisor a quarter of its time before it is due, and not more often',
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-notify-'))
    const socket = join(folder, 'notify')
    const child = spawn('python3', ['-c', supervisor, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => {
      child.kill()
      rmSync(folder, { recursive: true })
    })
    const lines = createInterface({ input: child.stdout })
    const heard: string[] = []
    lines.on('line', (line) => heard.push(line))
    const next = async (): Promise<unknown> => (await once(lines, 'line'))[0] as unknown
    expect(await next()).toBe('bound')
    let nowMs = 0
    const failures: Error[] = []
    const environment = { PATH: process.env['PATH'], WATCHDOG_USEC: '40000000', NOTIFY_SOCKET: socket }
    const feed = createWatchdog(
      environment,
      () => nowMs,
      (error) => failures.push(error),
    )
    const first = next()
    feed?.()
    expect(await first).toBe('WATCHDOG=1')
    nowMs = 9999
    feed?.()
    nowMs = 10_000
    const second = next()
    feed?.()
    expect(await second).toBe('WATCHDOG=1')
    nowMs = 20_000
    const third = next()
    feed?.()
    await third
    // The call at 9999 is not among them.
    expect(heard).toEqual(['bound', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1'])
    expect(failures).toEqual([])
  },
)

it('says why a report failed', async () => {
  const failures: Error[] = []
  const environment = {
    PATH: process.env['PATH'],
    WATCHDOG_USEC: '40000000',
    NOTIFY_SOCKET: '/no/such/socket',
  }
  createWatchdog(
    environment,
    () => 0,
    (error) => failures.push(error),
  )?.()
  await vi.waitFor(() => expect(failures).toHaveLength(1), 20_000)
  expect(failures[0]?.message).toMatch(/^systemd-notify did not report: .*No such file/)
})

it('tries again at the next call after a report that failed, and waits for the answer of each', async () => {
  const failures: Error[] = []
  const environment = {
    PATH: process.env['PATH'],
    WATCHDOG_USEC: '40000000',
    NOTIFY_SOCKET: '/no/such/socket',
  }
  const feed = createWatchdog(
    environment,
    () => 0,
    (error) => failures.push(error),
  )
  feed?.()
  feed?.()
  await vi.waitFor(() => expect(failures).toHaveLength(1), 20_000)
  feed?.()
  await vi.waitFor(() => expect(failures).toHaveLength(2), 20_000)
})

it('a report may take seconds on a box under load', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-notify-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const done = join(folder, 'done')
  const program = `#!/bin/sh\nsleep 4\necho done > '${done}'\n`
  writeFileSync(join(folder, 'systemd-notify'), program, { mode: 0o755 })
  const PATH = `${folder}:${process.env['PATH']}`
  const failures: Error[] = []
  let nowMs = 0
  const feed = createWatchdog(
    { PATH, WATCHDOG_USEC: '40000000', NOTIFY_SOCKET: '/run/none' },
    () => nowMs,
    (error) => failures.push(error),
  )
  feed?.()
  await vi.waitFor(() => expect(existsSync(done)).toBe(true), 40_000)
  // One shell answers in order: the second report is made after the answer to the first one was read.
  rmSync(done)
  nowMs = 10_000
  feed?.()
  await vi.waitFor(() => expect(existsSync(done)).toBe(true), 40_000)
  expect(failures).toEqual([])
})

it('is nothing where no supervisor asks for it', () => {
  expect(
    createWatchdog(
      {},
      () => 0,
      () => undefined,
    ),
  ).toBeUndefined()
})
