// Does steady time go on after a restart, is the centre's time passed on, and are requests of a command processed once?
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { bootsKey, loadBootBases } from '../../../../gateway/clock/boot-bases.ts'
import { hearCentreTime } from '../../../../gateway/clock/hear-centre-time.ts'
import { requestForget, takeForgetRequests } from '../../../../gateway/intake/forget-request.ts'
import { codeOf, messageOf } from '../../../../platform/failure.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('begins each boot at the last known end of the boot before, and once only', async () => {
  let stored: [string, object][] = []
  let writes = 0
  const journal = (boot: number, lastMs: number) =>
    ({
      loadState: async () => stored,
      facts: () => ({ boot }),
      positions: () => ({ red: { last: 1, receipted: 0 } }),
      read: async () => [{ body: JSON.stringify({ boot: 1, sinceBootMs: lastMs }) }],
      append: async ({ state }: { state: [string, object][] }) => {
        writes++
        stored = state
      },
    }) as never
  expect((await loadBootBases(journal(1, 0))).baseOf(1)).toBe(0)
  const second = await loadBootBases(journal(2, 5000))
  expect([second.baseOf(2), second.baseOf(1), second.baseOf(99)]).toEqual([5000, 0, 0])
  await loadBootBases(journal(2, 9000))
  expect([writes, stored[0]?.[0]]).toEqual([2, bootsKey])
})

it("passes the centre's time to clock and commands, and warns once while it is doubted", () => {
  const clock = new VirtualClock()
  let listener: (centre: { wallMs: number }) => void = () => undefined
  const heard: number[] = []
  const verdicts = ['set', 'doubted', 'doubted']
  const warnings: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) })
  const lastReceiptMs = hearCentreTime({
    uplink: { onCentreTime: (added: typeof listener) => void (listener = added) } as never,
    boxClock: { hearCentreTime: () => verdicts.shift(), heard: { offsetMs: 9 } } as never,
    commands: { hearCentreTime: (wallMs) => heard.push(wallMs) },
    clock,
    logger,
  })
  expect(lastReceiptMs()).toBeUndefined()
  clock.advance(70)
  for (const wallMs of [1, 2, 3]) listener({ wallMs })
  expect([lastReceiptMs(), heard, warnings.length]).toEqual([70, [1, 2, 3], 1])
})

it('processes a request to forget a device, and leaves it for the next check when that fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-forget-'))
  const clock = new VirtualClock()
  const forgotten: string[] = []
  const problems: string[] = []
  let isBroken = true
  try {
    expect(() => requestForget(folder, '../evil')).toThrow(RangeError)
    requestForget(folder, 'button-1')
    writeFileSync(join(folder, 'forget-device.no id'), '')
    const stop = takeForgetRequests({
      folder,
      clock,
      forget: async (device) => {
        if (isBroken) throw new Error('full')
        forgotten.push(device)
      },
      onProblem: (error) => problems.push(error.message),
    })
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))
    await settle()
    expect(existsSync(join(folder, 'forget-device.button-1'))).toBe(true)
    isBroken = false
    clock.advance(1000)
    await settle()
    stop()
    expect([forgotten, problems]).toEqual([['button-1'], ['full']])
    expect(existsSync(join(folder, 'forget-device.button-1'))).toBe(false)
    expect(existsSync(join(folder, 'forget-device.no id'))).toBe(false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('has a text and a code for whatever was thrown', () => {
  expect(messageOf(new Error('full'))).toBe('full')
  expect(['words', 7, null].map(messageOf)).toEqual([
    'words',
    'something without a message was thrown: number',
    'something without a message was thrown: object',
  ])
  expect(
    [Object.assign(new Error('x'), { code: 'ENOSPC' }), new Error('x'), { code: 5 }].map(codeOf),
  ).toEqual(['ENOSPC', '', ''])
})
