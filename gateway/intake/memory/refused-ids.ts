// Ids of inputs that the journal refused. An input that comes again gets the id that it had, and so do the alarms that it raises:
// the town, which heard of the call while the card refused it, knows the record that comes later for the same call.
import { contentHash } from '../../../protocols/kit/content-hash.ts'
import type { AlarmInput } from '../../alarms/port.ts'

/** Refused inputs remembered; beyond it the oldest are forgotten, and raise an alarm of their own when they come again. */
const rememberedMax = 1000

/** What messages without an id are given: each is a new one. */
export const noIdPrefix = 'no-id-'

export interface NamedInput {
  input: AlarmInput
  inputId: string
}

export class RefusedIds {
  readonly #ids = new Map<string, string>()

  /** The id that the input had when it was refused, or else `fresh`. */
  name(input: AlarmInput, fresh: string): NamedInput {
    // Nothing is refused nearly always, and an event costs no key then.
    return { input, inputId: (this.#ids.size > 0 ? this.#ids.get(keyOf(input)) : undefined) ?? fresh }
  }

  refused(inputs: readonly NamedInput[]): void {
    for (const { input, inputId } of inputs) {
      const key = keyOf(input)
      this.#ids.delete(key)
      this.#ids.set(key, inputId)
    }
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= rememberedMax) return
      this.#ids.delete(oldest)
    }
  }

  kept(inputs: readonly NamedInput[]): void {
    if (this.#ids.size > 0) for (const { input } of inputs) this.#ids.delete(keyOf(input))
  }
}

/** The same for an input that comes again. */
function keyOf(input: AlarmInput): string {
  switch (input.type) {
    case 'event': {
      const { device, messageId, readings, deviceAtMs } = input.event
      // Without an id of its own, the same content while the card refuses is the same call.
      const id = messageId.startsWith(noIdPrefix) ? noIdPrefix : messageId
      return `event ${device} ${id} ${contentHash(readings, deviceAtMs)}`
    }
    case 'unreadable':
    case 'presence':
      return `${input.type} ${input.device}`
    case 'box':
      return `box ${input.fact.kind} ${input.fact.subject ?? ''}`
    default:
      return input.type
  }
}
