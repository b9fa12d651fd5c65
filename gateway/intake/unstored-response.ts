// Local response when the journal refuses: a read-only card must not silence a siren. The commands of rules are sent
// once per input, although the device keeps its event and sends it again and again.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { LocalCommand } from '../alarms/port.ts'
import type { UnstoredOutcome } from './intake-options.ts'

/** Largest number of remembered inputs; a repeat of an older one sends its commands again. */
const rememberedMax = 1000

export class UnstoredResponse {
  readonly #act: (command: LocalCommand) => void
  readonly #acted = new Set<string>()

  constructor(act: (command: LocalCommand) => void) {
    this.#act = act
  }

  /** True when there was a command and it had not been sent yet. */
  take({ inputs, commands }: UnstoredOutcome): boolean {
    const key = inputs.map(({ inputId }) => inputId).join(' ')
    if (commands.length === 0 || this.#acted.has(key)) return false
    this.#acted.add(key)
    forgetOldest(this.#acted, rememberedMax)
    for (const command of commands) this.#act(command)
    return true
  }
}
