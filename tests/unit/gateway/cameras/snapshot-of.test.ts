// Has a Snapshot the facts of its request and of its picture, and no field that was not given?
import { expect, it } from 'vitest'
import { snapshotOf } from '../../../../gateway/cameras/pictures/snapshot-of.ts'

const processed = {
  raw: { source: 'http', answerMs: 12.6 },
  finished: {
    full: { sha256: 'f', bytes: Buffer.alloc(9), width: 4, height: 3 },
    preview: { sha256: 'p', bytes: Buffer.alloc(2), width: 2, height: 1 },
  },
  picture: 'good',
  fetchedAt: { boot: 1, sinceBootMs: 5, atMs: 5, clock: 'synced' },
} as never

it('copies alarm, colour and person where there are any, and shows whether parts are masked', () => {
  const settings = (masks: unknown[]): never => ({ id: 'cam-1', zone: ['yard', 'home'], masks }) as never
  const bare = snapshotOf('s-1', settings([]), { moment: 'scheduled', wantedAtMs: 0 } as never, processed)
  expect(bare).toMatchObject({
    id: 's-1',
    camera: 'cam-1',
    zone: 'yard',
    full: { sha256: 'f', bytes: 9, width: 4, height: 3 },
    preview: { bytes: 2 },
    answerMs: 13,
    isMasked: false,
  })
  for (const name of ['alarm', 'colour', 'askedBy', 'command']) expect(bare).not.toHaveProperty(name)
  const wanted = { moment: 'at-once', alarm: 'a', colour: 'red', askedBy: 'li', command: 'k', wantedAtMs: 0 }
  expect(snapshotOf('s-2', settings([{}]), wanted as never, processed)).toMatchObject({
    alarm: 'a',
    colour: 'red',
    askedBy: 'li',
    command: 'k',
    isMasked: true,
  })
})
