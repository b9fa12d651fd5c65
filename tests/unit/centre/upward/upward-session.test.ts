// Does the session upward lose, double or delay anything, whatever the link and the other centre do?
import { expect, it } from 'vitest'
import { againMs, deafMs, UpwardSession } from '../../../../centre/upward/upward-session.ts'
import type { UpwardState } from '../../../../centre/storage/port.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import type { LaneReceipt, Receipt } from '../../../../protocols/uplink/receipt.ts'

class World {
  readonly clock = new VirtualClock()
  readonly sent: { lane: Lane; epoch: string; first: number; records: number[] }[] = []
  readonly settled: string[] = []
  readonly renewed: string[] = []
  deaf = 0
  state: UpwardState = {
    epoch: 'aaaaaaaa',
    lanes: Object.fromEntries(lanes.map((lane) => [lane, { last: 0, receipted: 0 }])) as UpwardState['lanes'],
  }
  readonly session = new UpwardSession({
    state: this.state,
    read: (lane, after, limit) => {
      const numbers: number[] = []
      for (let number = after + 1; number <= this.state.lanes[lane].last && numbers.length < limit; number++)
        numbers.push(number)
      return Promise.resolve(numbers.map((number) => ({ number, body: String(number) })))
    },
    settle: (lane, to) => {
      this.state.lanes[lane].receipted = to
      this.settled.push(`${lane} ${to}`)
      return Promise.resolve()
    },
    renew: (reason) => {
      this.renewed.push(reason)
      for (const lane of Object.values(this.state.lanes)) {
        lane.last -= lane.receipted
        lane.receipted = 0
      }
      this.state = { ...this.state, epoch: 'bbbbbbbb' }
      return Promise.resolve(structuredClone(this.state))
    },
    send: (lane, report) => {
      const { epoch, first, records } = JSON.parse(report) as {
        epoch: string
        first: number
        records: number[]
      }
      this.sent.push({ lane, epoch, first, records })
    },
    onDeaf: () => this.deaf++,
    onFailed: (error) => {
      throw error
    },
    clock: this.clock,
  })

  async write(lane: Lane, count: number): Promise<void> {
    this.state.lanes[lane].last += count
    this.session.committed(structuredClone(this.state))
    await this.#settle()
  }
  async receipt(
    said: Partial<Record<Lane, Partial<LaneReceipt>>>,
    more: Partial<Receipt> = {},
  ): Promise<void> {
    const full = Object.fromEntries(
      Object.entries(said).map(([lane, one]) => [lane, { storedTo: 0, missing: [], ...one }]),
    )
    await this.session.receipt({ v: 1, epoch: this.session.epoch, lanes: full, centreTimeMs: 0, ...more })
    await this.#settle()
  }
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      this.clock.advance(1000)
      this.session.tick()
      await this.#settle()
    }
  }
  async up(): Promise<void> {
    this.session.linkUp()
    await this.#settle()
  }
  #settle = (): Promise<void> => new Promise(setImmediate)
}

const ranges = ({ sent }: World): string[] =>
  sent.map(({ lane, first, records }) => `${lane} ${first}-${first + records.length - 1}`)

it('sends red first, one Report of a lane at a time, and what is receipted never again', async () => {
  const world = new World()
  await world.write('yellow', 120)
  expect(world.sent).toEqual([])
  await world.up()
  expect(ranges(world)).toEqual(['yellow 1-50'])
  await world.write('red', 1)
  expect(ranges(world)).toEqual(['yellow 1-50', 'red 1-1'])
  await world.receipt({ yellow: { storedTo: 50 } })
  // Red waits for its Receipt: nothing below it goes.
  expect(ranges(world)).toHaveLength(2)
  await world.receipt({ red: { storedTo: 1 }, yellow: { storedTo: 50 } })
  await world.receipt({ yellow: { storedTo: 100 } })
  await world.receipt({ yellow: { storedTo: 120 } })
  expect(ranges(world).slice(2)).toEqual(['yellow 51-100', 'yellow 101-120'])
  expect(world.settled).toEqual(['yellow 50', 'red 1', 'yellow 100', 'yellow 120'])
})

it('sends again what got no Receipt, at once after a cut and later on a link that lost it; a deaf link is left', async () => {
  const world = new World()
  await world.write('red', 2)
  await world.up()
  world.session.linkDown()
  await world.pass(againMs)
  expect(ranges(world)).toEqual(['red 1-2'])
  await world.up()
  expect(ranges(world)).toEqual(['red 1-2', 'red 1-2'])
  await world.pass(againMs)
  expect(ranges(world)).toHaveLength(3)
  await world.pass(deafMs)
  expect(world.deaf).toBeGreaterThan(0)
})

it('goes back to what the other centre has lost, and begins new numbers where it knows other records under ours', async () => {
  const world = new World()
  await world.write('red', 3)
  await world.up()
  await world.receipt({ red: { storedTo: 3 } })
  await world.receipt({ red: { storedTo: 1, lostTo: 3 } })
  expect(ranges(world).at(-1)).toBe('red 2-3')
  await world.receipt({ red: { storedTo: 3 } })
  await world.write('red', 1)
  await world.receipt({ red: { storedTo: 9 } })
  expect(world.renewed).toHaveLength(1)
  expect(world.sent.at(-1)).toMatchObject({ epoch: 'bbbbbbbb', first: 1, records: [1] })
  // A Receipt of the old numbers says nothing any more.
  await world.receipt({ red: { storedTo: 9 } }, { epoch: 'aaaaaaaa' })
  expect(world.renewed).toHaveLength(1)
})
