// The sounds of the desk: an unanswered red, a desk without connection, an orange past its limit; each has its own
// tune, only the most urgent plays, and only in one of several tabs. Browsers allow sound only after the first touch or
// key, so the page shows whether it can be heard.
import { shallowRef } from 'vue'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { SoundTurn, type SoundChannel } from './sound-turn.ts'
import { loudest, sounds, tunes, type Sound, type Tone, type Tune } from './volume-and-pitch.ts'

export class DeskSound {
  /** True once the browser allows sound. */
  readonly canSound = shallowRef(false)
  readonly sounding = shallowRef<Sound>()
  /** The sounds of the present sound test. */
  readonly trying = shallowRef<Sound>()
  readonly #clock: Clock
  #context: AudioContext | undefined
  #cancel = (): void => {}
  #cancelTry = (): void => {}
  readonly #turn: SoundTurn
  /** Tones that are scheduled or playing: another tab may take over in the middle of them. */
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

  /** Informs the other tabs that a press here silenced this sound. */
  tellSilenced(sound: Sound): void {
    this.#turn.silence(sound)
  }

  /** The page is closed: another tab takes over at once. */
  leave(): void {
    this.#turn.leave()
  }

  /** Call it from a press or a key: only then may a page start sound. */
  async unlock(): Promise<void> {
    if (this.canSound.value) return
    this.#context ??= new AudioContext()
    this.#context.onstatechange = () => this.#update()
    await this.#context.resume()
    this.#update()
  }

  /** Repeats the most urgent of these sounds until it is no longer needed. */
  want(wanted: ReadonlySet<Sound>): void {
    const next = loudest(wanted)
    if (next === this.sounding.value) return
    this.sounding.value = next
    this.#cancel()
    this.#askForTurn()
    if (this.#turn.mayPlay) this.#begin()
  }

  /** Plays each once, one after the other, so that a person learns the sounds at the beginning of a shift. */
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
    const { tones, volume, shape } = tunes[sound]
    for (const tone of tones) {
      const oscillator = playTone(context, tone, volume, shape)
      this.#tones.add(oscillator)
      oscillator.onended = () => this.#tones.delete(oscillator)
    }
  }
}

function playTone(
  context: AudioContext,
  { atS, hertz, lastsS }: Tone,
  volume: number,
  shape: Tune['shape'],
): OscillatorNode {
  const startS = context.currentTime + atS
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = shape
  oscillator.frequency.value = hertz
  // Short ramps: a square edge clicks and is more frightening than the tone.
  gain.gain.setValueAtTime(0, startS)
  gain.gain.linearRampToValueAtTime(volume, startS + 0.02)
  gain.gain.setValueAtTime(volume, startS + lastsS - 0.04)
  gain.gain.linearRampToValueAtTime(0, startS + lastsS)
  oscillator.connect(gain)
  gain.connect(context.destination)
  oscillator.start(startS)
  oscillator.stop(startS + lastsS)
  return oscillator
}
