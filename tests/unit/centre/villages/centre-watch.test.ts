// Does the centre say what boxes tell it about itself: a data folder that went back, and a clock that is wrong?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { CentreWatch, clockOffMs, rewoundStandsMs } from '../../../../centre/villages/centre-watch.ts'
import type { OwnSubject, OwnWords } from '../../../../centre/villages/own-alarms.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const nowMs = Date.UTC(2026, 10, 30)

function watched() {
  const clock = new VirtualClock(nowMs)
  const registry = new Registry()
  const standing = new Map<string, OwnWords>()
  const state = { ahead: [] as string[], isKept: false }
  const watch = new CentreWatch({
    alarms: {
      set: ({ kind }: OwnSubject, words: OwnWords | undefined) => {
        if (!words) standing.delete(kind)
        else if (!standing.has(kind)) standing.set(kind, words)
      },
      standing: (kind) => (standing.has(kind) ? [{ box: '-centre', kind }] : []),
    },
    clock,
    logger: pino({ level: 'silent' }),
    registry,
    nameOf: (box) => `the ${box}`,
    boxesAhead: () => state.ahead,
    isClockKept: () => state.isKept,
  })
  watch.start()
  return { clock, registry, standing, state, watch }
}

it('a folder that went back stands as an alarm while boxes are ahead of it, and a day longer', async () => {
  const { clock, registry, standing, state, watch } = watched()
  state.ahead = ['box-1', 'box-2']
  watch.foundAhead('box-1')
  expect(standing.get('centre-rewound')).toMatchObject({ colour: 'orange' })
  expect(standing.get('centre-rewound')?.text.en).toContain('the box-1')
  expect(await registry.metrics()).toContain('gengfu_centre_boxes_ahead 2')
  clock.advance(2 * rewoundStandsMs)
  expect([...standing.keys()]).toEqual(['centre-rewound'])
  // The boxes have sent it all again; what people did here is lost all the same.
  state.ahead = []
  clock.advance(rewoundStandsMs - 120_000)
  expect([...standing.keys()]).toEqual(['centre-rewound'])
  clock.advance(180_000)
  expect([...standing.keys()]).toEqual([])
  watch.stop()
})

it('a clock that differs from that of a box whose clock is kept is an alarm until they agree', () => {
  const { clock, standing, state, watch } = watched()
  const heartbeat = (offMs: number, isClockKept?: boolean) =>
    watch.heard('box-1', { atMs: clock.wallMs() - offMs, isClockKept })
  heartbeat(9 * 3_600_000)
  heartbeat(clockOffMs - 1, true)
  expect(standing.size).toBe(0)
  heartbeat(9 * 3_600_000, true)
  expect(standing.get('centre-clock-off')?.text.en).toContain('540 min ahead of that of box “the box-1”')
  // A box that knows no time says nothing about it.
  heartbeat(0)
  expect(standing.has('centre-clock-off')).toBe(true)
  heartbeat(0, true)
  expect(standing.size).toBe(0)
  heartbeat(-clockOffMs, true)
  expect(standing.get('centre-clock-off')?.text.zh).toContain('慢 5 分钟')
  state.isKept = true
  clock.advance(60_000)
  expect(standing.size).toBe(0)
  heartbeat(9 * 3_600_000, true)
  expect(standing.size).toBe(0)
  watch.stop()
})
