// What every outlet is to the queue: a way to one receiver that hands over messages, and says what the receiver said.
import type { OutletMessage } from './message.ts'

export interface HandOver {
  /** See `deliveryStates`. */
  state: 'handed-over' | 'confirmed'
  /** The receiver's own words; bounded by the outlet. */
  words: string
}

export interface Refusal {
  state: 'refused'
  words: string
  /** Another attempt would be answered the same. */
  isFinal?: boolean
}

export type OutletAnswer = HandOver | Refusal

/** What comes from the receiver without a message of ours. */
export interface OutletEvents {
  /** Its supervision was answered, or was not. */
  heard: (isWell: boolean, words: string) => void
  /** The receiver, or a person there, has answered the message of this id. */
  confirmed: (id: string, words: string, who: string) => void
  /** A person has answered the message of this id: it is confirmed, and its case changes. Rejects when that can not be stored now. */
  answered: (id: string, key: AnswerKey, words: string, who: string) => Promise<void>
  /** Words about the message of this id, whose sender has proven nothing: a note at its case. Rejects as `answered` does. */
  noted: (id: string, words: string, who: string) => Promise<void>
}

/** What a person can answer by key. */
export type AnswerKey = 'accept' | 'pass-on' | 'done'

export interface Outlet {
  /** The bytes of a message as readable text, for the test button. Sends nothing. */
  preview: (messages: readonly OutletMessage[]) => string | Promise<string>
  /** One attempt. Throws when the network fails; ends when `signal` does. */
  send: (messages: readonly OutletMessage[], signal: AbortSignal) => Promise<OutletAnswer>
  /** Messages in one attempt; 1 when absent. */
  batchMax?: number
  /** How long messages that are not urgent are collected; 0 when absent. */
  groupMs?: number
  /** Supervision and what the receiver sends by itself. */
  start?: (events: OutletEvents) => void | Promise<void>
  stop?: () => void | Promise<void>
}
