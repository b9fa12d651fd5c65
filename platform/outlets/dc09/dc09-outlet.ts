// Alarms to a monitoring station by SIA DC-09, with supervision by NULL messages.
import { readFileSync } from 'node:fs'
import { every } from '../../time/every.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Dc09Settings } from '../settings/dc09-settings.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet, OutletEvents } from '../port.ts'
import { dataOf, textOf } from './dc09-codes.ts'
import { parseKey } from '../../dc09/dc09-frame.ts'
import { Dc09Station, type Draft } from './dc09-station.ts'

/** Supervision that goes unanswered this often in a row is an alarm. */
const missesMax = 3
const sequenceMax = 9999
const noCode = 'no code of DC-09 for this step: nothing is sent'

export interface Dc09Options {
  settings: Dc09Settings
  clock: Clock
}

export function createDc09Outlet({ settings, clock }: Dc09Options): Outlet {
  const station = new Dc09Station({ settings, clock, keyOf: () => keyOf(settings) })
  let stop: () => void = () => undefined
  return {
    preview: (messages) =>
      messages
        .map((message) => {
          const draft = draftOf(settings, message)
          return draft ? station.bytesOf(draft, 0).toString('latin1').trim() : noCode
        })
        .join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const draft = draftOf(settings, message)
      return draft ? station.send(draft, signal) : { state: 'handed-over', words: noCode }
    },
    start: (events) => {
      stop = supervise(station, settings, clock, events)
    },
    stop: () => stop(),
  }
}

/** Read at each attempt: a changed key needs no restart. */
function keyOf({ keyFile }: Dc09Settings): Buffer | undefined {
  if (keyFile === undefined) return undefined
  const key = parseKey(readFileSync(keyFile, 'utf8'))
  if (!key) throw new Error(`${keyFile}: 32, 48 or 64 hexadecimal digits`)
  return key
}

/** Undefined when DC-09 has no code for this step. */
function draftOf(settings: Dc09Settings, message: OutletMessage): Draft | undefined {
  const { format, accounts, zones, sendsText } = settings
  const { village, device = '', zone = '', number } = message
  const account = accounts[village] ?? settings.account
  const data = dataOf(message, { format, account, zone: zones[device] ?? zones[zone] ?? 0 })
  if (data === undefined) return undefined
  return {
    id: format === 'sia' ? 'SIA-DCS' : 'ADM-CID',
    // The same at every attempt, and another one for the next message.
    sequence: (number % sequenceMax) + 1,
    account,
    data,
    more: `${sendsText ? `[I${textOf(message)}]` : ''}${linkOf(message)}`,
  }
}

/** Extended data `V`: where the picture is. An address with a bracket would end the field. */
const linkOf = ({ pictureUrl }: OutletMessage): string =>
  pictureUrl === undefined || /[^\x21-\x7e]|[[\]|]/.test(pictureUrl) ? '' : `[V${pictureUrl}]`

/** A NULL message to each receiver again and again; returns what ends it. */
function supervise(
  station: Dc09Station,
  { receivers, superviseSeconds, timeoutSeconds, account }: Dc09Settings,
  clock: Clock,
  { heard }: OutletEvents,
): () => void {
  if (superviseSeconds === undefined) return () => undefined
  const stopped = new AbortController()
  const misses = receivers.map(() => 0)
  const ask = async (index: number): Promise<void> => {
    const draft: Draft = { id: 'NULL', sequence: 0, account, data: '', more: '' }
    const answer = await station.askOne(index, draft, timeoutSeconds * 1000, stopped.signal)
    if (stopped.signal.aborted) return
    // With a key, what a machine on the way can write is no sign of the receiver.
    misses[index] = answer.state === 'confirmed' ? 0 : (misses[index] ?? 0) + 1
    const silent = misses.findIndex((count) => count >= missesMax)
    heard(silent < 0, silent < 0 ? answer.words : `${station.nameOf(silent)} ${answer.words}`)
  }
  const cancels = [...receivers.keys()].map((index) =>
    every(clock, superviseSeconds * 1000, () => void ask(index), 0),
  )
  return () => {
    stopped.abort()
    for (const cancel of cancels) cancel()
  }
}
