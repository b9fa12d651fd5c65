// Several tabs of one desk: one of them sounds. Each announces every second which sound it plays; a tab is quiet only
// while another one announces a sound of at least the same urgency. A tab without such an announcement sounds, so that
// there is always one.
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { sounds, type Sound } from './volume-and-pitch.ts'

/** Interval of each tab's announcements. */
export const sayEveryMs = 1000
/** A tab without an announcement for this long does not sound any more: closed, frozen or crashed. */
export const goneAfterMs = 3000
/** Both tabs get an alarm at the same moment: the younger one waits this long for the older one to begin. */
export const waitForOlderMs = 400

export interface SoundMessage {
  id: string
  /** The sound it plays; absent while it is quiet. */
  plays?: Sound
  isLeaving?: true
  /** The person silenced this sound there: it is silent here too. */
  silenced?: Sound
}

/** The browser's channel (BroadcastChannel); without it, every tab sounds. */
export interface SoundChannel {
  say: (news: SoundMessage) => void
  hear: (listener: (news: SoundMessage) => void) => void
}

interface Peer {
  plays: Sound | undefined
  heardMs: number
}

export class SoundTurn {
  readonly #clock: Clock
  readonly #id: string
  readonly #channel: SoundChannel | undefined
  readonly #onChange: (mayPlay: boolean) => void
  readonly #onSilenced: (sound: Sound) => void
  readonly #peers = new Map<string, Peer>()
  #wanted: Sound | undefined
  #wantedMs = 0
  #mayPlay = false
  #cancel = (): void => {}

  /** `id`: sorts by age, the oldest tab first. `onChange`: this tab must begin, or be quiet. */
  constructor(options: {
    clock: Clock
    id: string
    channel: SoundChannel | undefined
    onChange: (mayPlay: boolean) => void
    onSilenced?: (sound: Sound) => void
  }) {
    this.#clock = options.clock
    this.#id = options.id
    this.#channel = options.channel
    this.#onChange = options.onChange
    this.#onSilenced = options.onSilenced ?? (() => {})
    this.#channel?.hear((news) => this.#hear(news))
  }

  get mayPlay(): boolean {
    return this.#mayPlay
  }

  /** The sound that this tab would play now; undefined for none, or while the browser forbids sound. */
  want(sound: Sound | undefined): void {
    if (sound === this.#wanted) return
    this.#wanted = sound
    this.#wantedMs = this.#clock.monotonicMs()
    this.#look()
    if (this.#mayPlay) this.#say()
  }

  /** A press here silenced it in every tab. */
  silence(sound: Sound): void {
    this.#channel?.say({ id: this.#id, silenced: sound })
  }

  /** The browser allows sound in this tab from now on. */
  start(): void {
    this.#cancel()
    this.#beat()
  }

  /** The tab closes: another one takes over at once. */
  leave(): void {
    this.#cancel()
    this.#channel?.say({ id: this.#id, isLeaving: true })
  }

  #beat(): void {
    this.#cancel = this.#clock.after(sayEveryMs, () => this.#beat())
    this.#look()
    this.#say()
  }

  #hear({ id, plays, isLeaving, silenced }: SoundMessage): void {
    if (id === this.#id) return
    if (silenced !== undefined) {
      this.#onSilenced(silenced)
      return
    }
    if (isLeaving === true) this.#peers.delete(id)
    else this.#peers.set(id, { plays, heardMs: this.#clock.monotonicMs() })
    this.#look()
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [id, { heardMs }] of this.#peers) if (nowMs - heardMs > goneAfterMs) this.#peers.delete(id)
    const mayPlay = this.#wanted !== undefined && !this.#yields(this.#wanted, nowMs)
    if (mayPlay === this.#mayPlay) return
    this.#mayPlay = mayPlay
    this.#onChange(mayPlay)
    this.#say()
  }

  #yields(wanted: Sound, nowMs: number): boolean {
    const rank = sounds.indexOf(wanted)
    for (const [id, { plays }] of this.#peers) {
      if (plays === undefined) {
        const mayStillBegin = !this.#mayPlay && id < this.#id && nowMs - this.#wantedMs < waitForOlderMs
        if (!mayStillBegin) continue
        this.#clock.after(waitForOlderMs, () => this.#look())
        return true
      }
      const theirs = sounds.indexOf(plays)
      if (theirs < rank || (theirs === rank && id < this.#id)) return true
    }
    return false
  }

  #say(): void {
    const plays = this.#mayPlay ? this.#wanted : undefined
    this.#channel?.say({ id: this.#id, ...(plays === undefined ? {} : { plays }) })
  }
}
