// The ids of inputs that the journal refused. An input that comes again gets the same id, and so do its alarms: the
// town got the call while the journal refused it, and recognises the later record of the same call.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { contentHash } from '../../../protocols/kit/content-hash.ts'
import type { AlarmInput } from '../../alarms/port.ts'

/** Most refused inputs kept; beyond it the oldest are removed, and raise a separate alarm when they come again. */
const rememberedMax = 1000

/** Prefix of the ids that messages without an id get; each is unique. */
export const noIdPrefix = 'no-id-'

export interface NamedInput {
  input: AlarmInput
  inputId: string
}

export class RefusedIds {
  readonly #ids = new Map<string, string>()

  /** The id that the input had when it was refused, or else `fresh`. */
  name(input: AlarmInput, fresh: string): NamedInput {
    // Nearly always nothing is refused, and then an event needs no key.
    return { input, inputId: (this.#ids.size > 0 ? this.#ids.get(keyOf(input)) : undefined) ?? fresh }
  }

  refused(inputs: readonly NamedInput[]): void {
    for (const { input, inputId } of inputs) {
      const key = keyOf(input)
      this.#ids.delete(key)
      this.#ids.set(key, inputId)
    }
    forgetOldest(this.#ids, rememberedMax)
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
      // If a message has no id, the same content while the journal refuses counts as the same call.
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
