// The desk itself: who is signed in, what the board shows, what sounds, and what happens on a press.
import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { MeAnswer, Role, StreamMessage, VillageSummary } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { isWaiting, shownColour } from './queue/accept-deadline.ts'
import { AlarmBoard, RedWatch, type BoardAlarm, type BoardView } from './queue/alarm-board.ts'
import { ApiProblem, asProblem, type DeskApi } from './link/desk-api.ts'
import { DeskCommands } from './boxes/desk-commands.ts'
import { PictureShelf } from './pictures/picture-shelf.ts'
import { SeenReporter } from './queue/seen-reporter.ts'
import { Siren } from './sound/siren.ts'
import { StreamLink, retryMaxMs, type LinkState, type Snapshot, type Socket } from './link/stream-link.ts'
import { applyBoxMessage } from './boxes/village-strip.ts'

/** In a flood the screen is drawn this often at most; a person sees no difference, an old phone does. */
const drawEveryMs = 80

const acceptingRoles: readonly Role[] = ['operator', 'supervisor', 'admin']

export interface DeskOptions {
  api: DeskApi
  clock: Clock
  random: Random
  openSocket: () => Socket
  isPageVisible: () => boolean
}

export type Phase = 'checking' | 'signed-out' | 'signed-in'

export class Desk {
  readonly phase = shallowRef<Phase>('checking')
  readonly me = shallowRef<MeAnswer>()
  readonly linkState = shallowRef<LinkState>('connecting')
  /** True once the whole list has been read: only then does an empty list mean that nothing is open. */
  readonly isFilled = shallowRef(false)
  readonly view: ShallowRef<BoardView> = shallowRef({ waiting: [], answered: [] })
  readonly villages = shallowRef<VillageSummary[]>([])
  /** What went wrong with a press, by alarm. */
  readonly notes: ShallowRef<ReadonlyMap<string, BilingualText>> = shallowRef(new Map())
  readonly accepting: ShallowRef<ReadonlySet<string>> = shallowRef(new Set())
  readonly freshReds = shallowRef<BoardAlarm[]>([])
  readonly canAccept: ComputedRef<boolean> = computed(() =>
    acceptingRoles.includes(this.me.value?.role ?? 'maintainer'),
  )
  readonly waitingReds: ComputedRef<BoardAlarm[]> = computed(() =>
    this.view.value.waiting.filter((alarm) => shownColour(alarm) === 'red'),
  )
  readonly siren: Siren
  readonly commands: DeskCommands
  readonly pictures: PictureShelf
  seen: SeenReporter
  #options: DeskOptions
  #board = new AlarmBoard()
  #redWatch = new RedWatch()
  #silenced = new Set<string>()
  #link: StreamLink
  #isDrawing = false
  #centreOffsetMs: number

  constructor(options: DeskOptions) {
    this.#options = options
    this.#centreOffsetMs = options.clock.wallMs() - options.clock.monotonicMs()
    this.siren = new Siren(options.clock)
    this.commands = new DeskCommands(options.api)
    this.pictures = new PictureShelf(options)
    this.seen = this.#createSeenReporter()
    this.#link = this.#createLink()
  }

  /** Continues an open session, or asks for one. */
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

  async signIn(user: string, password: string): Promise<void> {
    const answer = await this.#options.api.login(user, password)
    this.#enter({ user: answer.user, role: answer.role })
  }

  async signOut(): Promise<void> {
    try {
      await this.#options.api.logout()
    } finally {
      this.#leave()
    }
  }

  /** Now, by the centre's clock: ages are the same on every desk, whatever this machine's clock says. */
  centreNowMs(): number {
    return this.#options.clock.monotonicMs() + this.#centreOffsetMs
  }

  hurry(): void {
    this.#link.hurry()
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
      if (isSignedOut(problem)) this.#leave()
      else this.#note(id, problem.text)
      if (problem.alarm !== undefined) this.#board.put(problem.alarm)
    } finally {
      const left = new Set(this.accepting.value)
      left.delete(id)
      this.accepting.value = left
      this.#draw()
    }
  }

  /** Quiet for the reds that wait now; the next one sounds again. */
  silence(): void {
    this.#silenced = new Set(this.waitingReds.value.map(({ id }) => id))
    this.#updateSiren()
  }

  #enter(me: MeAnswer): void {
    this.me.value = me
    this.phase.value = 'signed-in'
    this.seen = this.#createSeenReporter()
    this.#link.start()
  }

  #leave(): void {
    this.#link.stop()
    this.seen.stop()
    this.me.value = undefined
    this.phase.value = 'signed-out'
    this.isFilled.value = false
    this.villages.value = []
    this.notes.value = new Map()
    this.commands.clear()
    this.pictures.clear()
    this.#board.replace([])
    this.#draw()
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
      onState: (state) => (this.linkState.value = state),
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

  /** A browser does not say why a stream was refused; asking who we are tells a lost session from a lost line. */
  async #checkSession(error: unknown): Promise<void> {
    if (isSignedOut(error)) {
      this.#leave()
      return
    }
    try {
      await this.#options.api.me()
    } catch (problem) {
      if (isSignedOut(problem) && this.phase.value === 'signed-in') this.#leave()
    }
  }

  #fill({ alarms, villages, commands = [] }: Snapshot): void {
    this.commands.fill(commands)
    this.pictures.refresh()
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
    if ('command' in message) return this.commands.hear(message)
    // A type that a newer centre knows and this page does not is left alone.
    if (!('alarm' in message) || message.alarm === undefined) return
    this.#board.put(message.alarm)
    if (!isWaiting(message.alarm)) this.#note(message.alarm.id, undefined)
    this.#drawSoon()
  }

  #drawSoon(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    this.#options.clock.after(drawEveryMs, () => this.#draw())
  }

  #draw(): void {
    this.#isDrawing = false
    this.view.value = this.#board.view()
    const fresh = this.#redWatch.update(this.view.value.waiting)
    if (fresh.length > 0) this.freshReds.value = fresh
    this.#updateSiren()
  }

  #updateSiren(): void {
    this.siren.sound(this.waitingReds.value.some(({ id }) => !this.#silenced.has(id)))
  }

  #note(id: string, text: BilingualText | undefined): void {
    if (text === undefined && !this.notes.value.has(id)) return
    const notes = new Map(this.notes.value)
    if (text === undefined) notes.delete(id)
    else notes.set(id, text)
    this.notes.value = notes
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401
}
