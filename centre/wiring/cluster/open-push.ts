// The way of stored changes to desks and to the parts that follow them: directly where there is one centre, through the feed where others
// store changes too.
import type { Stream } from '../../stream/stream.ts'
import type { StoredChange } from '../../storage/port.ts'
import type { Cluster } from './open-cluster.ts'

type Listener = (changes: readonly StoredChange[]) => void

export interface OpenedPush {
  /** Changes that this centre has stored. */
  push: Listener
  /** Hears every change after the desks. */
  also: (listener: Listener) => void
  /** Hears the changes of other centres. */
  onForeign: (listener: Listener) => void
}

export function openPush(cluster: Cluster | undefined, stream: Pick<Stream, 'push' | 'end'>): OpenedPush {
  const listeners: Listener[] = []
  let hearForeign: Listener = () => undefined
  const deliver = (changes: readonly StoredChange[]): void => {
    stream.push(changes)
    for (const listener of listeners) listener(changes)
  }
  const feed = cluster?.follow({
    deliver: (changes, foreign) => {
      deliver(changes)
      hearForeign(foreign)
    },
    onMissed: () => stream.end(() => true),
  })
  return {
    push: feed ? (changes) => feed.push(changes) : deliver,
    also: (listener) => void listeners.push(listener),
    onForeign: (listener) => (hearForeign = listener),
  }
}
