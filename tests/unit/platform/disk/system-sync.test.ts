// Is the clock of a machine known to be kept, by any of the services that keep one?
import { describe, expect, it } from 'vitest'
import { isSystemSynced, SystemSync } from '../../../../platform/disk/system-sync.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

/** The output of each service, as recorded on Debian 12. */
const answers: [string, string, boolean][] = [
  ['perl', '0', true],
  ['perl', '5', false],
  ['perl', '-1', false],
  ['timedatectl', 'yes\n', true],
  ['timedatectl', 'no\n', false],
  [
    'chronyc',
    'CB00710F,203.0.113.15,3,1604049384.1,0.000026,0.000010,0.0005,1.3,0.0,0.01,0.03,0.005,65.2,Normal\n',
    true,
  ],
  ['chronyc', '7F7F0101,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n', false],
  ['ntpq', 'stratum=2, leap=00\n', true],
  ['ntpq', 'stratum=16, leap=11\n', false],
]
const no = (): boolean => false

describe('the system clock', () => {
  it.each(answers)('by %s saying %s is synced: %s', async (command, answer, expected) => {
    const ask = (asked: string): Promise<string> => Promise.resolve(asked === command ? answer : '')
    expect(await isSystemSynced(ask, no)).toBe(expected)
  })

  it('is synced by the file of timesyncd without asking, and unsynced without an answer', async () => {
    expect(
      await isSystemSynced(
        () => Promise.reject(new Error('asked')),
        () => true,
      ),
    ).toBe(true)
    expect(await isSystemSynced(() => Promise.resolve(''), no)).toBe(false)
  })

  it('is asked of this very system without an error', async () => {
    expect(typeof (await isSystemSynced())).toBe('boolean')
  })

  it('is asked less often the longer it stays unset, and again soon after a service was lost', async () => {
    const waits: number[] = []
    let look: () => void = () => undefined
    let isKept = false
    const sync = new SystemSync(
      (delayMs, run) => {
        waits.push(delayMs)
        look = run
        return () => undefined
      },
      () => Promise.resolve(isKept),
    )
    await sync.start()
    for (const next of [false, false, false, false, true, true, false, false]) {
      isKept = next
      look()
      await Promise.resolve()
    }
    expect(waits.map((ms) => ms / 1000)).toEqual([10, 20, 40, 60, 60, 120, 120, 10, 20])
  })

  it('is checked repeatedly, until it is stopped', async () => {
    const clock = new VirtualClock()
    let isKept = false
    const sync = new SystemSync(
      (delayMs, run) => clock.after(delayMs, run),
      () => Promise.resolve(isKept),
    )
    await sync.start()
    expect(sync.isSynced()).toBe(false)
    isKept = true
    clock.advance(10_000)
    await Promise.resolve()
    expect(sync.isSynced()).toBe(true)
    sync.stop()
  })

  it('a stop while a service is asked leaves the latest answer as it is', async () => {
    let answer: (isSynced: boolean) => void = () => undefined
    const late = new Promise<boolean>((resolve) => {
      answer = resolve
    })
    const answers = [Promise.resolve(true), late]
    let look: () => void = () => undefined
    const sync = new SystemSync(
      (_delayMs, run) => {
        look = run
        return () => undefined
      },
      () => answers.shift() ?? Promise.resolve(false),
    )
    await sync.start()
    look()
    sync.stop()
    answer(false)
    await late
    await Promise.resolve()
    expect(sync.isSynced()).toBe(true)
  })
})
