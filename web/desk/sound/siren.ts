// The sound of an unanswered red: two tones, again and again, until somebody answers. Browsers allow it only after
// the first touch or key, so it says whether it can be heard at all.
import { shallowRef } from 'vue'
import type { Clock } from '../../../protocols/kit/clock-port.ts'

const repeatMs = 2400
const tones: { atS: number; hertz: number; lastsS: number }[] = [
  { atS: 0, hertz: 880, lastsS: 0.28 },
  { atS: 0.32, hertz: 660, lastsS: 0.28 },
  { atS: 0.72, hertz: 880, lastsS: 0.28 },
  { atS: 1.04, hertz: 660, lastsS: 0.28 },
]

export class Siren {
  /** True once the browser lets us be heard. */
  readonly canSound = shallowRef(false)
  readonly isSounding = shallowRef(false)
  #clock: Clock
  #context: AudioContext | undefined
  #cancel = (): void => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Call it from a press or a key: only then may a page begin to sound. */
  async unlock(): Promise<void> {
    if (this.canSound.value) return
    this.#context ??= new AudioContext()
    this.#context.onstatechange = () => this.#update()
    await this.#context.resume()
    this.#update()
  }

  sound(shouldSound: boolean): void {
    if (shouldSound === this.isSounding.value) return
    this.isSounding.value = shouldSound
    this.#cancel()
    if (shouldSound) this.#ring()
  }

  #update(): void {
    const canSound = this.#context?.state === 'running'
    if (canSound === this.canSound.value) return
    this.canSound.value = canSound
    if (canSound && this.isSounding.value) {
      this.#cancel()
      this.#ring()
    }
  }

  #ring(): void {
    const context = this.#context
    if (context !== undefined && context.state === 'running') {
      for (const { atS, hertz, lastsS } of tones) tone(context, context.currentTime + atS, hertz, lastsS)
    }
    this.#cancel = this.#clock.after(repeatMs, () => this.#ring())
  }
}

function tone(context: AudioContext, startS: number, hertz: number, lastsS: number): void {
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = 'triangle'
  oscillator.frequency.value = hertz
  // Short ramps: a square edge clicks and frightens more than the tone.
  gain.gain.setValueAtTime(0, startS)
  gain.gain.linearRampToValueAtTime(0.5, startS + 0.02)
  gain.gain.setValueAtTime(0.5, startS + lastsS - 0.04)
  gain.gain.linearRampToValueAtTime(0, startS + lastsS)
  oscillator.connect(gain)
  gain.connect(context.destination)
  oscillator.start(startS)
  oscillator.stop(startS + lastsS)
}
