// What the desk sounds: an unanswered red, a desk that is blind, an orange past its limit; each with a tune of its own,
// the most urgent one alone, and in one tab of several. Browsers allow sound only after the first touch or key, so it says whether it can be heard.
import { shallowRef } from 'vue'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { SoundTurn, type SoundChannel } from './sound-turn.ts'
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
  readonly #turn: SoundTurn
  /** Tones that are scheduled or heard: another tab may take over in the middle of them. */
  readonly #tones = new Set<OscillatorNode>()

  /** `tab`: sorts by age, the oldest tab of this browser first. */
  constructor(
    clock: Clock,
    tab: string,
    channel: SoundChannel | undefined,
    onSilenced: (sound: Sound) => void,
  ) {
    this.#clock = clock
    this.#turn = new SoundTurn({
      clock,
      id: tab,
      channel,
      onChange: (mayPlay) => (mayPlay ? this.#begin() : this.#hush()),
      onSilenced,
    })
  }

  /** Tells the other tabs that a press here made this sound quiet. */
  tellSilenced(sound: Sound): void {
    this.#turn.silence(sound)
  }

  /** The page is closed: another tab sounds at once. */
  leave(): void {
    this.#turn.leave()
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
    this.#askForTurn()
    if (this.#turn.mayPlay) this.#begin()
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
    if (canSound) this.#turn.start()
    this.#askForTurn()
  }

  #askForTurn(): void {
    this.#turn.want(this.canSound.value ? this.sounding.value : undefined)
  }

  #begin(): void {
    this.#cancel()
    if (this.sounding.value !== undefined) this.#repeat(this.sounding.value)
  }

  #hush(): void {
    this.#cancel()
    for (const tone of this.#tones) tone.stop()
    this.#tones.clear()
  }

  #repeat(sound: Sound): void {
    if (!this.#turn.mayPlay) return
    this.#play(sound)
    this.#cancel = this.#clock.after(tunes[sound].everyMs, () => this.#repeat(sound))
  }

  #play(sound: Sound): void {
    const context = this.#context
    if (context === undefined || context.state !== 'running') return
    const { tones, loudness, shape } = tunes[sound]
    for (const tone of tones) {
      const oscillator = playTone(context, tone, loudness, shape)
      this.#tones.add(oscillator)
      oscillator.onended = () => this.#tones.delete(oscillator)
    }
  }
}

function playTone(
  context: AudioContext,
  { atS, hertz, lastsS }: Tone,
  loudness: number,
  shape: Tune['shape'],
): OscillatorNode {
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
  return oscillator
}
