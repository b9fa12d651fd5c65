// What the desk sounds: an unanswered red, a desk that is blind, an orange past its limit; each with a tune of its own,
// the most urgent one alone. Browsers allow sound only after the first touch or key, so it says whether it can be heard.
import { shallowRef } from 'vue'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { loudest, sounds, tunes, type Sound, type Tone, type Tune } from './tunes.ts'

export class DeskSound {
  /** True once the browser lets us be heard. */
  readonly canSound = shallowRef(false)
  readonly sounding = shallowRef<Sound>()
  /** What is being tried out now. */
  readonly trying = shallowRef<Sound>()
  readonly #clock: Clock
  #context: AudioContext | undefined
  #cancel = (): void => {}
  #cancelTry = (): void => {}

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

  /** The most urgent of these sounds, again and again, until it is not wanted any more. */
  want(wanted: ReadonlySet<Sound>): void {
    const next = loudest(wanted)
    if (next === this.sounding.value) return
    this.sounding.value = next
    this.#cancel()
    if (next !== undefined) this.#repeat(next)
  }

  /** Plays each once, one after the other, so that a person hears at the beginning of a shift what each of them is. */
  async tryOut(): Promise<void> {
    await this.unlock()
    this.#cancelTry()
    const next = (index: number): void => {
      const sound = sounds[index]
      this.trying.value = sound
      if (sound === undefined) return
      this.#play(sound)
      this.#cancelTry = this.#clock.after(2600, () => next(index + 1))
    }
    next(0)
  }

  #update(): void {
    const canSound = this.#context?.state === 'running'
    if (canSound === this.canSound.value) return
    this.canSound.value = canSound
    if (canSound && this.sounding.value !== undefined) {
      this.#cancel()
      this.#repeat(this.sounding.value)
    }
  }

  #repeat(sound: Sound): void {
    this.#play(sound)
    this.#cancel = this.#clock.after(tunes[sound].everyMs, () => this.#repeat(sound))
  }

  #play(sound: Sound): void {
    const context = this.#context
    if (context === undefined || context.state !== 'running') return
    const { tones, loudness, shape } = tunes[sound]
    for (const tone of tones) playTone(context, tone, loudness, shape)
  }
}

function playTone(
  context: AudioContext,
  { atS, hertz, lastsS }: Tone,
  loudness: number,
  shape: Tune['shape'],
): void {
  const startS = context.currentTime + atS
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = shape
  oscillator.frequency.value = hertz
  // Short ramps: a square edge clicks and frightens more than the tone.
  gain.gain.setValueAtTime(0, startS)
  gain.gain.linearRampToValueAtTime(loudness, startS + 0.02)
  gain.gain.setValueAtTime(loudness, startS + lastsS - 0.04)
  gain.gain.linearRampToValueAtTime(0, startS + lastsS)
  oscillator.connect(gain)
  gain.connect(context.destination)
  oscillator.start(startS)
  oscillator.stop(startS + lastsS)
}
