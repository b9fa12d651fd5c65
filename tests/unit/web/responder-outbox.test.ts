// Does what a person types at the scene survive a bad link, a closed page and a full phone, and does each thing count once?
import { beforeEach, expect, it } from 'vitest'
import type { ResponderEntry, ResponderView } from '../../../protocols/desk/responder.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import {
  Outbox,
  parseSavedWork,
  Refused,
  retryMaxMs,
  waitingMax,
  type CentreCalls,
} from '../../../web/responder/outbox.ts'

const view: ResponderView = {
  case: 'case-1',
  to: 'Dr Li',
  title: { zh: '求助', en: 'help' },
  colour: 'red',
  isDrill: false,
  village: 'upper-brook',
  text: '',
  sentAtMs: 0,
  expiresAtMs: 1,
  centreTimeMs: 0,
  state: 'sent',
  photos: 0,
}

/** A centre behind a link that loses requests and answers by a seed. */
class LossyCentre implements CentreCalls {
  readonly entries = new Map<string, ResponderEntry>()
  readonly photos = new Map<string, number[]>()
  readonly order: string[] = []
  readonly devices = new Set<string>()
  loss = 0
  refuse: ((entry: ResponderEntry) => Refused | undefined) | undefined
  readonly #random = createSeededRandom(4)

  async #pass<T>(device: string, work: () => T): Promise<T> {
    if (this.#random.next() < this.loss) throw new TypeError('Failed to fetch')
    this.devices.add(device)
    const answer = work()
    if (this.#random.next() < this.loss) throw new TypeError('Failed to fetch')
    return answer
  }
  open(device: string) {
    return this.#pass(device, () => ({ view }))
  }
  step(device: string, entry: ResponderEntry) {
    return this.#pass(device, () => {
      const refused = this.refuse?.(entry)
      if (refused) throw refused
      if (!this.entries.has(entry.id)) this.order.push(entry.do)
      this.entries.set(entry.id, entry)
      return { view: { ...view, state: 'arrived' as const } }
    })
  }
  piece(
    device: string,
    { id, bytes, offset }: { id: string; bytes: number; offset: number },
    piece: Uint8Array,
  ) {
    return this.#pass(device, () => {
      const have = this.photos.get(id) ?? []
      if (offset <= have.length) have.splice(offset, Infinity, ...piece)
      this.photos.set(id, have)
      if (have.length < bytes) return { storedTo: have.length }
      this.order.push('photo')
      return { storedTo: have.length, view }
    })
  }
}

let clock: VirtualClock
let centre: LossyCentre
let stored: string | null
let room: number
beforeEach(() => {
  clock = new VirtualClock()
  centre = new LossyCentre()
  stored = null
  room = Infinity
})

let seed = 0
const openPage = (): Outbox => {
  const outbox = new Outbox({
    calls: centre,
    clock,
    random: createSeededRandom(++seed),
    read: () => stored,
    write: (text) => {
      if (text.length > room) return false
      stored = text
      return true
    },
    onChange: () => undefined,
  })
  outbox.start()
  return outbox
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 60; i++) await Promise.resolve()
}
const until = async (isDone: () => boolean): Promise<void> => {
  for (let i = 0; i < 500 && !isDone(); i++) {
    clock.advance(retryMaxMs)
    await settle()
  }
}
const photo = (bytes: number): [string, number] => [Buffer.alloc(bytes, 7).toString('base64'), bytes]

it('sends everything once over a link that loses most, steps before photos', async () => {
  centre.loss = 0.6
  const outbox = openPage()
  outbox.addPhoto(...photo(80_000))
  outbox.add('arrive', '')
  outbox.add('feedback', 'she is well', 'real')
  await until(() => outbox.state.steps.length + outbox.state.photos.length === 0)
  expect([...centre.entries.values()].map((one) => [one.do, one.text, one.outcome])).toEqual([
    ['arrive', '', undefined],
    ['feedback', 'she is well', 'real'],
  ])
  expect(centre.order.slice(0, 2)).toEqual(['arrive', 'feedback'])
  expect([...centre.photos.values()].map((one) => one.length)).toEqual([80_000])
  expect(centre.devices.size).toBe(1)
})

it('goes on after the page was closed, with the same key, ids and draft, and says how long ago it was written', async () => {
  centre.loss = 1
  const first = openPage()
  first.add('feedback', 'door was locked', 'no-access')
  first.keepDraft({ text: 'half a sen', outcome: 'real' })
  await settle()
  const { device, steps } = first.state
  first.stop()
  clock.advance(900_000)
  centre.loss = 0
  const second = openPage()
  expect(second.state.draft).toEqual({ text: 'half a sen', outcome: 'real' })
  await settle()
  expect([...centre.devices]).toEqual([device])
  expect([...centre.entries.values()]).toMatchObject([{ id: steps[0]?.id, agoSeconds: 900 }])
})

it('keeps what was refused to be read, goes on with the next, and stops when the link is over', async () => {
  const words = { zh: '案件已结束', en: 'the case is over' }
  centre.refuse = ({ do: what }) => (what === 'note' ? new Refused(words, false) : undefined)
  const outbox = openPage()
  outbox.add('note', 'one more thing')
  outbox.add('arrive', '')
  await until(() => outbox.state.steps.length === 0)
  expect(outbox.state.refused).toEqual([{ text: 'one more thing', why: words }])
  expect(centre.order).toEqual(['arrive'])
  centre.refuse = () => new Refused(words, true)
  outbox.add('note', 'late')
  await until(() => outbox.state.ended !== undefined)
  // It stays on the phone: the person can still read it out on the telephone.
  expect(outbox.state.steps).toMatchObject([{ text: 'late' }])
})

it('says when the phone has no room, and keeps the words without the photos', async () => {
  centre.loss = 1
  const outbox = openPage()
  outbox.add('note', 'words')
  room = (stored ?? '').length + 1000
  outbox.addPhoto(...photo(50_000))
  await settle()
  expect(outbox.state.isKept).toBe(false)
  expect(parseSavedWork(stored, 'x')).toMatchObject({ steps: [{ text: 'words' }], photos: [] })
  for (let i = 0; i < waitingMax + 5; i++) outbox.add('note', 'x')
  expect(outbox.state.steps.length + outbox.state.photos.length).toBe(waitingMax)
})

it.each(['', '{', 'null', '{"device":1}', '{"device":"a","steps":{}}'])(
  'begins anew on a spoilt store: %s',
  (text) => {
    expect(parseSavedWork(text, 'fresh')).toMatchObject({ device: 'fresh', steps: [] })
  },
)
