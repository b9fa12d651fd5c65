// Answers of a hostile centre, mutated node by node, to the uplink session of a box: no answer throws, none settles what was
// never written, and after them a red call leaves as before. Used small in the tests and large in the campaign.
import type { LanePositions, StoredRecord } from '../../../gateway/journal/port.ts'
import { SendOrder } from '../../../gateway/uplink/send-order.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { parsePictureReceipt, parseReceipt } from '../../../protocols/uplink/codec.ts'
import type { Mutation } from './structural-mutations.ts'

const epoch = 'e0e0e0e0e0e0'
const recordsAtStart = 20
/** A red record is on its way after this time, whatever the centre answered before. */
const redSentWithinMs = 60_000

export const sessionReceipt = {
  v: 1,
  epoch,
  lanes: {
    red: { storedTo: 3, missing: [[5, 6]], lostTo: 2 },
    routine: { storedTo: 10, missing: [] },
  },
  centreTimeMs: 1_764_000_000_000,
  forms: [2],
}
export const sessionPictureReceipt = { v: 1, sha256: 'a'.repeat(64), storedTo: 5, problem: 'refused' }

export class ReceiptStructureTarget {
  readonly #clock = new VirtualClock()
  readonly #positions = Object.fromEntries(
    lanes.map((lane) => [lane, { last: recordsAtStart, receipted: 0 }]),
  ) as LanePositions
  readonly #faults: string[] = []
  #session = this.#start()
  #redSent = 0

  take(batch: readonly Mutation[]): string[] {
    for (const { text, what } of batch)
      try {
        const receipt = parseReceipt(Buffer.from(text))
        if (receipt.ok) this.#session.receipt(receipt.value)
        const picture = parsePictureReceipt(Buffer.from(text))
        if (picture.ok) this.#session.pictureReceipt(picture.value)
        this.#session.tick()
        this.#clock.advance(1)
      } catch (error) {
        this.#faults.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : 'thrown'}`)
      }
    for (const { lane, last, receipted } of this.#session.queues)
      if (receipted > last) this.#faults.push(`${lane} is settled to ${receipted}, written is ${last}`)
    this.#press()
    return this.#faults.splice(0)
  }

  /** A red record, and what an honest centre answers to it. */
  #press(): void {
    const number = ++this.#positions.red.last
    this.#session.commit([{ lane: 'red', number, body: body(number) }])
    // What a centre has lost is sent again before it, as fast as that centre confirms it.
    for (let ms = 0; ms < redSentWithinMs && this.#redSent < number; ms += 1000) {
      this.#clock.advance(1000)
      const lane = { storedTo: this.#redSent, missing: [] }
      const confirmed = parseReceipt(
        Buffer.from(JSON.stringify({ v: 1, epoch, lanes: { red: lane }, centreTimeMs: 1 })),
      )
      if (confirmed.ok && this.#redSent < number) this.#session.receipt(confirmed.value)
    }
    if (this.#redSent < number) this.#faults.push(`red ${number} is not on its way`)
    const stored = lanes.map((lane) => [lane, { storedTo: this.#positions[lane].last, missing: [] }])
    const answer = { v: 1, epoch, lanes: Object.fromEntries(stored) as object, centreTimeMs: 1 }
    const receipt = parseReceipt(Buffer.from(JSON.stringify(answer)))
    if (receipt.ok) this.#session.receipt(receipt.value)
    for (const { lane, waiting } of this.#session.queues)
      if (waiting > 0) this.#faults.push(`${waiting} of ${lane} wait although all are receipted`)
    // Otherwise nothing of the other lanes is left that a wrong answer could settle.
    for (const lane of lanes) {
      const last = ++this.#positions[lane].last
      this.#session.commit([{ lane, number: last, body: body(last) }])
    }
    this.#clock.advance(1000)
    this.#redSent = Math.max(this.#redSent, number)
  }

  #start(): SendOrder {
    const session = new SendOrder({
      epoch,
      positions: structuredClone(this.#positions),
      read: (lane, after, { recordsMax }, done) => {
        const { last } = this.#positions[lane]
        const records = Array.from({ length: Math.min(recordsMax, last - after) }, (_, at): StoredRecord => ({
          lane,
          number: after + at + 1,
          body: body(after + at + 1),
        }))
        this.#clock.after(1, () => done(records))
      },
      settle: () => undefined,
      stepBack: (lane, storedTo) => {
        if (lane === 'red') this.#redSent = Math.min(this.#redSent, storedTo)
      },
      pack: (text) => Buffer.from(text),
      clock: this.#clock,
      events: {
        sent: () => undefined,
        receipted: () => undefined,
        steppedBack: () => undefined,
        receiptRefused: () => undefined,
        skipped: () => undefined,
        pictureSent: () => undefined,
        readFailed: () => undefined,
      },
      againAfterMsMin: 2000,
      deafAfterMs: 15_000,
      onDeaf: () => this.#connect(session),
    })
    this.#connect(session)
    return session
  }

  #connect(session: SendOrder): void {
    session.linkDown()
    session.linkUp({
      queuedBytes: () => 0,
      send: (channel, payload) => {
        if (channel === ('red' satisfies Lane)) this.#note(Buffer.from(payload).toString())
        return payload.length
      },
    })
  }

  #note(text: string): void {
    for (const [, number] of text.matchAll(/"sequence":(\d+)/g))
      this.#redSent = Math.max(this.#redSent, Number(number))
  }
}

const body = (number: number): string =>
  `{"type":"event","sequence":${number},"boot":1,"sinceBootMs":1,"atMs":1,"clock":"synced","device":"door-1","messageId":"1-${number}","readings":{}}`
