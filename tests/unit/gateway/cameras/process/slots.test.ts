// At the limit of parallel pictures: does the most urgent waiting one go first, and is no slot lost when one aborts?
import { expect, it } from 'vitest'
import { Slots, type Urgency } from '../../../../../gateway/cameras/process/slots.ts'

const signal = new AbortController().signal
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** One place, taken until `free` is called, and a queue behind it that records the order. */
function createLine(waitingMax = 10): {
  slots: Slots
  went: string[]
  join: (name: string, urgency: Urgency, signal?: AbortSignal) => Promise<void>
  free: () => void
} {
  const slots = new Slots({ atOnceMax: 1, waitingMax })
  const went: string[] = []
  let free = (): void => undefined
  void slots.use(signal, () => new Promise<void>((resolve) => (free = resolve)))
  const join = (name: string, urgency: Urgency, own = signal): Promise<void> =>
    slots.use(
      own,
      async () => {
        went.push(name)
        await settle()
      },
      urgency,
    )
  return { slots, went, join, free: () => free() }
}

it('the most urgent goes first, and of those that are as urgent the one that came first', async () => {
  const { went, join, free } = createLine()
  await settle()
  const all = [
    join('routine', 'routine'),
    join('later', 'later'),
    join('before', 'before'),
    join('orange', 'orange'),
    join('red 1', 'red'),
    join('person', 'person'),
    join('red 2', 'red'),
  ]
  free()
  await Promise.all(all)
  expect(went).toEqual(['red 1', 'person', 'red 2', 'orange', 'before', 'later', 'routine'])
})

it('one that gives up leaves the line, and its place goes to no one twice', async () => {
  const { slots, went, join, free } = createLine()
  await settle()
  const given = new AbortController()
  const left = join('gone', 'red', given.signal)
  const stays = join('stays', 'routine')
  given.abort(new Error('stopped'))
  await expect(left).rejects.toThrow('stopped')
  expect(slots.waiting).toBe(1)
  free()
  await stays
  await join('next', 'routine')
  expect(went).toEqual(['stays', 'next'])
})

it('a full line refuses with a reason, and what fails inside gives its place back', async () => {
  const { join, free } = createLine(1)
  await settle()
  const waits = join('waits', 'routine')
  await expect(join('too many', 'red')).rejects.toMatchObject({ code: 'busy', detail: '1' })
  free()
  await waits
  const slots = new Slots({ atOnceMax: 1, waitingMax: 1 })
  await expect(slots.use(signal, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  await expect(slots.use(signal, async () => 'free')).resolves.toBe('free')
})
