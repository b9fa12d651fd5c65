// The desk itself: the signed-in person, the board, the sounds, and the effect of each press.
import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { MeAnswer, Role, StreamMessage, VillageSummary } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { isWaiting, isWaitingRed } from './queue/accept-deadline.ts'
import { AlarmBoard, emptyView, RedWatch, type BoardAlarm, type BoardView } from './queue/alarm-board.ts'
import { asProblem, isSignedOut } from './link/api-problem.ts'
import type { DeskApi } from './link/desk-api.ts'
import { CaseDesk } from './cases/case-desk.ts'
import { DeskCommands } from './boxes/desk-commands.ts'
import { PictureShelf } from './pictures/picture-shelf.ts'
import { SeenReporter } from './queue/seen-reporter.ts'
import { hashOf, type Route } from './shell/routes.ts'
import { SessionWatch } from './shell/session-watch.ts'
import { DeskSound } from './sound/sound-player.ts'
import type { SoundChannel } from './sound/sound-turn.ts'
import type { Sound } from './sound/volume-and-pitch.ts'
import { DrawPace } from './queue/draw-pace.ts'
import { TownLimits } from './queue/town-limits.ts'
import { makesSound, wantedSounds } from './sound/wanted-sounds.ts'
import {
  StreamLink,
  retryMaxMs,
  type StreamState,
  type DeskContent,
  type Socket,
} from './link/stream-link.ts'
import { applyBoxMessage } from './boxes/village-strip.ts'

/** Sounds, the end of the session and lingering rows are checked this often. */
const beatMs = 1000
/** A row that another person accepted first stays this long in its place. */
export const lingerMs = 12_000

const acceptingRoles: readonly Role[] = ['operator', 'supervisor', 'admin']

export interface DeskOptions {
  api: DeskApi
  clock: Clock
  random: Random
  openSocket: () => Socket
  isPageVisible: () => boolean
  /** Shows another page of the desk. */
  go: (hash: string) => void
  /** Identifies this tab among those of the same browser; the oldest sorts first. */
  tab: string
  soundChannel: SoundChannel | undefined
}

/** `enrolling`: the second factor is set up before anything else. */
export type Phase = 'checking' | 'signed-out' | 'enrolling' | 'signed-in'

export class Desk {
  readonly phase = shallowRef<Phase>('checking')
  readonly me = shallowRef<MeAnswer>()
  readonly linkState = shallowRef<StreamState>('connecting')
  /** True once the complete list has been read: only then does an empty list mean that there are no open alarms. */
  readonly isFilled = shallowRef(false)
  readonly view: ShallowRef<BoardView> = shallowRef(emptyView)
  readonly villages = shallowRef<VillageSummary[]>([])
  /** The failure of a press, by alarm. */
  readonly notes: ShallowRef<ReadonlyMap<string, BilingualText>> = shallowRef(new Map())
  readonly accepting: ShallowRef<ReadonlySet<string>> = shallowRef(new Set())
  readonly freshReds = shallowRef<BoardAlarm[]>([])
  readonly canAccept: ComputedRef<boolean> = computed(() =>
    acceptingRoles.includes(this.me.value?.role ?? 'maintainer'),
  )
  readonly waitingReds: ComputedRef<BoardAlarm[]> = computed(() =>
    this.view.value.waiting.filter(isWaitingRed),
  )
  /** The session ended without a sign-out here: the alarms that waited then, for the sign-in form. */
  readonly lockedOut = shallowRef<{ reds: number }>()
  /** The present page. */
  readonly route: ShallowRef<Route> = shallowRef({ page: 'queue' })
  readonly sound: DeskSound
  readonly session: SessionWatch
  readonly commands: DeskCommands
  readonly pictures: PictureShelf
  readonly cases: CaseDesk
  /** For pages with calls of their own. */
  readonly api: DeskApi
  seen: SeenReporter
  #options: DeskOptions
  #board = new AlarmBoard()
  #redWatch = new RedWatch()
  #quiet = new Set<string>()
  #isBlindQuiet = false
  #blindSinceMs: number | undefined
  readonly #lingering = new Map<string, () => void>()
  #cancelBeat = (): void => {}
  #link: StreamLink
  readonly #pace: DrawPace
  readonly #limits: TownLimits
  #centreOffsetMs: number

  constructor(options: DeskOptions) {
    this.#options = options
    this.api = options.api
    this.#centreOffsetMs = options.clock.wallMs() - options.clock.monotonicMs()
    this.sound = new DeskSound(options.clock, options.tab, options.soundChannel, (sound) =>
      this.#silence(sound),
    )
    this.session = new SessionWatch({
      stay: () => options.api.stay(),
      centreNowMs: () => this.centreNowMs(),
    })
    this.commands = new DeskCommands(options.api)
    this.pictures = new PictureShelf(options)
    this.#limits = new TownLimits(options)
    this.#pace = new DrawPace({ clock: options.clock, draw: () => this.#draw() })
    this.cases = new CaseDesk(options.api)
    this.seen = this.#createSeenReporter()
    this.#link = this.#createLink()
  }

  /** Continues an open session, or asks for a sign-in. */
  async start(): Promise<void> {
    try {
      this.#enter(await this.#options.api.me())
    } catch (error) {
      if (isSignedOut(error)) this.phase.value = 'signed-out'
      else {
        this.linkState.value = 'lost'
        this.#options.clock.after(retryMaxMs / 4, () => void this.start())
      }
    }
  }

  async signIn(user: string, password: string, code?: string): Promise<void> {
    const { token: _, ...me } = await this.#options.api.login(user, password, code)
    this.#enter(me)
    if (me.mustEnrol) return
    try {
      this.session.note(await this.#options.api.me())
    } catch {
      // The session's end is unknown: the centre keeps it open while a red alarm waits.
    }
  }

  async signOut(): Promise<void> {
    try {
      await this.#options.api.logout()
    } finally {
      this.#leave(false)
    }
  }

  /** The centre's time: ages are equal on every desk, whatever this machine's clock shows. */
  centreNowMs(): number {
    return this.#options.clock.monotonicMs() + this.#centreOffsetMs
  }

  /** Back from an alarm's sheet. */
  leaveSheet(): void {
    this.#options.go(hashOf({ page: 'queue' }))
  }

  checkNow(): void {
    this.#link.checkNow()
  }

  async accept(id: string): Promise<void> {
    if (this.accepting.value.has(id)) return
    this.accepting.value = new Set([...this.accepting.value, id])
    this.#note(id, undefined)
    try {
      const alarm = await this.#options.api.accept(id)
      if (alarm !== undefined) this.#board.put(alarm)
    } catch (error) {
      const problem = asProblem(error)
      if (isSignedOut(problem)) this.#leave(true)
      else this.#note(id, problem.text)
      if (problem.alarm !== undefined) {
        this.#linger(id)
        this.#board.put(problem.alarm)
      }
    } finally {
      const left = new Set(this.accepting.value)
      left.delete(id)
      this.accepting.value = left
      this.#draw()
    }
  }

  /** Silences the present sound; the next red, the next overdue orange and the next loss of the link sound again. */
  silence(): void {
    const sounding = this.sound.sounding.value
    if (sounding === undefined) return
    this.#silence(sounding)
    this.sound.tellSilenced(sounding)
  }

  #silence(sounding: Sound): void {
    if (sounding === 'blind') this.#isBlindQuiet = true
    else
      for (const alarm of this.view.value.waiting)
        if (makesSound(alarm, this.centreNowMs()) === sounding) this.#quiet.add(alarm.id)
    this.#updateSound()
  }

  /** Accepts these one after the other: the line of silent boxes is one press. */
  async acceptAll(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (this.phase.value === 'signed-in') await this.accept(id)
  }

  /** The box is removed for good; resolves with the reason for a refusal, or undefined. */
  async retire(box: string, why: string): Promise<BilingualText | undefined> {
    try {
      await this.#options.api.retire(box, why)
      this.villages.value = applyBoxMessage(this.villages.value, {
        type: 'box.retired',
        position: '',
        box,
        by: this.me.value?.user ?? '',
      })
      return undefined
    } catch (error) {
      return asProblem(error).text
    }
  }

  #enter(me: MeAnswer): void {
    this.me.value = me
    this.phase.value = me.mustEnrol ? 'enrolling' : 'signed-in'
    if (me.mustEnrol) return
    this.lockedOut.value = undefined
    this.seen = this.#createSeenReporter()
    this.session.note(me)
    this.#beat()
    this.#limits.start()
    this.#link.start()
  }

  /** `isForced`: the session ended without the person's action, so the page must not look as if all were quiet. */
  #leave(isForced: boolean): void {
    this.lockedOut.value = isForced ? { reds: this.waitingReds.value.length } : undefined
    this.#limits.stop()
    this.#link.stop()
    this.seen.stop()
    this.session.clear()
    this.#cancelBeat()
    for (const cancel of this.#lingering.values()) cancel()
    this.#lingering.clear()
    this.me.value = undefined
    this.phase.value = 'signed-out'
    this.isFilled.value = false
    this.villages.value = []
    this.notes.value = new Map()
    this.commands.clear()
    this.pictures.clear()
    this.cases.clear()
    this.#board.replace([])
    this.#draw()
  }

  #beat(): void {
    this.#cancelBeat()
    this.#cancelBeat = this.#options.clock.after(beatMs, () => this.#beat())
    this.session.look(this.waitingReds.value.length > 0)
    this.#updateSound()
  }

  /** The row stays in its place, and shows who accepted it first. */
  #linger(id: string): void {
    this.#lingering.get(id)?.()
    const cancel = this.#options.clock.after(lingerMs, () => {
      this.#lingering.delete(id)
      this.#note(id, undefined)
      this.#draw()
    })
    this.#lingering.set(id, cancel)
  }

  #createLink(): StreamLink {
    const { api, clock, random, openSocket } = this.#options
    return new StreamLink({
      clock,
      random,
      openSocket,
      readAll: () => api.snapshot(),
      readMostUrgent: (limit) => api.mostUrgent(limit),
      agrees: (alarms) => this.#board.agreesWith(alarms),
      onState: (state) => this.#noteLink(state),
      onHello: (centreTimeMs) => (this.#centreOffsetMs = centreTimeMs - clock.monotonicMs()),
      onSnapshot: (snapshot) => this.#fill(snapshot),
      onMessage: (message) => this.#hear(message),
      onFailure: (error) => void this.#checkSession(error),
    })
  }

  #createSeenReporter(): SeenReporter {
    return new SeenReporter({
      clock: this.#options.clock,
      isPageVisible: this.#options.isPageVisible,
      report: (id) => this.#options.api.reportSeen(id),
      isWorthRetrying: (error) => {
        const { status } = asProblem(error)
        return status !== 401 && status !== 403
      },
    })
  }

  /** A browser does not report why a stream was refused. */
  async #checkSession(error: unknown): Promise<void> {
    if (isSignedOut(error)) {
      this.#leave(true)
      return
    }
    try {
      await this.#options.api.me()
    } catch (problem) {
      if (isSignedOut(problem) && this.phase.value === 'signed-in') this.#leave(true)
    }
  }

  #fill({ alarms, villages, commands = [] }: DeskContent): void {
    this.commands.fill(commands)
    this.pictures.refresh()
    void this.cases.refresh()
    this.#board.replace(alarms)
    this.villages.value = villages
    this.isFilled.value = true
    this.#draw()
  }

  #hear(message: StreamMessage): void {
    if (message.type === 'hello' || message.type === 'resync') return
    if (message.type === 'box.presence' || message.type === 'box.gap' || message.type === 'box.retired') {
      this.villages.value = applyBoxMessage(this.villages.value, message)
      return
    }
    if ('picture' in message) return this.pictures.hear(message)
    if ('typing' in message) return this.cases.hearTyping(message)
    if ('case' in message) return this.cases.hear(message)
    if ('command' in message) return this.commands.hear(message)
    // An unknown type from a newer centre is ignored.
    if (!('alarm' in message) || message.alarm === undefined) return
    const before = this.#board.get(message.alarm.id)
    this.#board.put(message.alarm)
    if (!isWaiting(message.alarm) && !this.#lingering.has(message.alarm.id))
      this.#note(message.alarm.id, undefined)
    this.#pace.soon(isWaitingRed(message.alarm) && !(before && isWaitingRed(before)))
  }

  #draw(): void {
    this.view.value = this.#board.view({
      me: this.me.value?.user,
      lingering: new Set(this.#lingering.keys()),
    })
    const waiting = new Set(this.view.value.waiting.filter(isWaiting).map(({ id }) => id))
    for (const id of this.#quiet) if (!waiting.has(id)) this.#quiet.delete(id)
    const fresh = this.#redWatch.update(this.view.value.waiting)
    if (fresh.length > 0) this.freshReds.value = fresh
    this.#updateSound()
  }

  #noteLink(state: StreamState): void {
    this.linkState.value = state
    const nowMs = this.#options.clock.monotonicMs()
    if (state !== 'live') this.#blindSinceMs ??= nowMs
    else {
      this.#blindSinceMs = undefined
      this.#isBlindQuiet = false
    }
    this.#updateSound()
  }

  #updateSound(): void {
    const sinceMs = this.#blindSinceMs
    const isSignedIn = this.phase.value === 'signed-in'
    const nowMs = this.#options.clock.monotonicMs()
    this.sound.want(
      wantedSounds({
        waiting: this.view.value.waiting,
        quiet: this.#quiet,
        centreNowMs: this.centreNowMs(),
        blindForMs: isSignedIn && sinceMs !== undefined ? nowMs - sinceMs : undefined,
        isBlindQuiet: this.#isBlindQuiet,
        isLockedOut: !isSignedIn && (this.lockedOut.value?.reds ?? 0) > 0,
      }),
    )
  }

  #note(id: string, text: BilingualText | undefined): void {
    if (text === undefined && !this.notes.value.has(id)) return
    const notes = new Map(this.notes.value)
    if (text === undefined) notes.delete(id)
    else notes.set(id, text)
    this.notes.value = notes
  }
}
