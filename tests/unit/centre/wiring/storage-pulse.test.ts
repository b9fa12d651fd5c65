// Does a centre whose writing or reading thread hangs stop feeding systemd's watchdog, and does it report that at
// /healthz?
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pulseEveryMs, silentMsMax, StoragePulse } from '../../../../centre/wiring/storage-pulse.ts'
import { createWatchdog } from '../../../../platform/systemd-watchdog.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import type { CorruptRow } from '../../../../centre/storage/port.ts'

const path = process.env['PATH']
let folder: string
let told: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-pulse-'))
  told = join(folder, 'told')
  writeFileSync(told, '')
  // Replaces systemd's own program, and records what it would send to NOTIFY_SOCKET.
  const notify = join(folder, 'systemd-notify')
  writeFileSync(notify, `#!/bin/sh\necho "$1" >> '${told}'\n`)
  chmodSync(notify, 0o755)
  process.env['PATH'] = `${folder}${delimiter}${path}`
})
afterEach(() => {
  process.env['PATH'] = path
  rmSync(folder, { recursive: true, force: true })
})

const feeds = (): number => readFileSync(told, 'utf8').split('WATCHDOG=1').length - 1

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it.each(['writerAnswers', 'readerAnswers'] as const)(
  'feeds while both answer, and no more once %s hangs',
  async (hangs) => {
    const clock = new VirtualClock()
    const hung = new Promise<CorruptRow[]>(() => undefined)
    let isHung = false
    let asked = 0
    const answer = (name: string) => async (): Promise<CorruptRow[]> => {
      asked++
      if (isHung && name === hangs) return hung
      return []
    }
    const watchdog = createWatchdog(
      { PATH: process.env['PATH'], WATCHDOG_USEC: '4000000', NOTIFY_SOCKET: '/run/none' },
      () => clock.monotonicMs(),
      (error) => {
        throw error
      },
    )
    const pulse = new StoragePulse({
      storage: { writerAnswers: answer('writerAnswers'), readerAnswers: answer('readerAnswers') },
      clock,
      logger: pino({ level: 'silent' }),
      registry: new Registry(),
      ...(watchdog ? { onAlive: watchdog } : {}),
    })
    const turn = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      clock.advance(pulseEveryMs)
    }
    pulse.start()
    await until(() => feeds() === 1)
    await turn()
    await until(() => feeds() === 2)
    isHung = true
    const before = asked
    for (let i = 0; i * pulseEveryMs <= silentMsMax; i++) await turn()
    expect(asked).toBe(before + 2)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(feeds()).toBe(2)
    expect(pulse.isAlive).toBe(false)
    pulse.stop()
  },
)
