// The door of the console: the claim of a new box, sign-in, sessions, and how long the village's network is let in.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { GuessLimit } from '../../../platform/strangers/guess-limit.ts'
import { createEnrolmentCode, parseEnrolmentCode } from '../../../protocols/enrolment/enrolment-code.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import {
  peopleMax,
  readAccess,
  sessionsMax,
  writeAccess,
  type AccessDocument,
  type Person,
  type PersonRole,
  type StoredSession,
} from './access-file.ts'
import { checkNewPassword, decoyPassword, hashPassword, PasswordChecks } from './console-passwords.ts'

/** A session ends after this, and after this long without a request. */
export const sessionMsMax = 12 * 3_600_000
export const sessionIdleMs = 30 * 60_000
/** The village's network stays open for the person who has just claimed the box. */
export const openAfterClaimMs = 4 * 3_600_000
export const openMinutesMax = 24 * 60

export interface ConsoleAccessOptions {
  dataDir: string
  /** The code of the label, where the workshop made one. */
  labelCode?: string | undefined
  /** True where an unclaimed box is open to the village's network. */
  isForVillage: boolean
  clock: Pick<Clock, 'monotonicMs'>
  /** Box time, which goes on across restarts. */
  steadyMs: () => number
  /** Names that make no password: of the box, of its village. */
  knownNames: readonly string[]
}

export interface SignedIn {
  name: string
  role: PersonRole
}
export interface NewSession extends SignedIn {
  /** For the cookie; only its hash is stored. */
  token: string
}
export interface Attempt {
  name: string
  password: string
  address: string
  isFromVillage: boolean
}
export type Refusal = Result<never> & { ok: false; status: 400 | 401 | 403 | 409 | 429 }

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')
/** A page proves with it that it could read an answer of this console. */
export const pageProofOf = (token: string): string => hashOf(`page:${token}`).slice(0, 32)

const refused = (status: Refusal['status'], message: string, path = ''): Refusal => ({
  ...bad(message, path),
  status,
})
const tooMany = (): Refusal =>
  refused(429, 'too many wrong attempts: wait ten seconds 尝试过多，请等十秒再试')

export class ConsoleAccess {
  readonly #options: ConsoleAccessOptions
  readonly #guesses: GuessLimit
  readonly #checks = new PasswordChecks()
  readonly #used = new Map<string, number>()
  #document: AccessDocument
  #onChange = (): void => undefined
  /** Why the file can not be read: the console then answers on the box itself only, and is claimed by no one. */
  readonly problem: string | undefined

  constructor(options: ConsoleAccessOptions) {
    this.#options = options
    this.#guesses = new GuessLimit(options.clock)
    const read = readAccess(options.dataDir)
    this.problem = read.ok ? undefined : (read.problems[0]?.message ?? 'unreadable')
    const stored = read.ok ? read.value : undefined
    this.#document = stored ?? { v: 1, people: [], sessions: [] }
    if (this.problem === undefined && !this.isClaimed && this.#document.claimCode === undefined)
      this.#document = { ...this.#document, claimCode: this.#newCode() }
    if (stored === undefined && this.problem === undefined && options.isForVillage)
      this.#tryWrite(this.#document)
  }

  /** Registers what follows when the village's network may be open or shut now. */
  onChange(listener: () => void): void {
    this.#onChange = listener
  }

  get isClaimed(): boolean {
    return this.#document.people.some(({ role }) => role === 'installer')
  }

  get claimCode(): string | undefined {
    return this.isClaimed ? undefined : this.#document.claimCode
  }

  get people(): readonly SignedIn[] {
    return this.#document.people.map(({ name, role }) => ({ name, role }))
  }

  /** How long the village's network is still let in, ms; Infinity until the box is claimed. */
  openForMs(): number {
    if (this.problem !== undefined) return 0
    if (!this.isClaimed && this.#options.isForVillage) return Infinity
    return Math.max(0, (this.#document.openUntilMs ?? 0) - this.#options.steadyMs())
  }

  open(minutes: number): void {
    const openUntilMs = this.#options.steadyMs() + Math.min(minutes, openMinutesMax) * 60_000
    this.#change({ ...this.#document, openUntilMs })
  }

  /** As a person of the centre asked: 0 minutes shut it. False when the console can let no person in. */
  openFromAfar(minutes: number): boolean {
    if (this.problem !== undefined) return false
    if (minutes > 0) this.open(minutes)
    else this.close()
    return true
  }

  /** Ends the sessions of the village's network too. */
  close(): void {
    const { openUntilMs: _until, ...rest } = this.#document
    this.#change({ ...rest, sessions: rest.sessions.filter(({ isFromVillage }) => !isFromVillage) })
  }

  /** Forgets every person and session: the box has no installer, and a new claim code. */
  reset(): void {
    this.#change({ v: 1, people: [], sessions: [], claimCode: this.#newCode(true) })
  }

  /** The first person of a box, who sets the first password. */
  async claim(code: string, attempt: Attempt): Promise<NewSession | Refusal> {
    const { name, password, address } = attempt
    if (this.isClaimed || this.problem !== undefined)
      return refused(409, 'this box has an installer already: sign in 本网关已有安装员，请登录')
    if (!this.#guesses.allows('claim', address)) return tooMany()
    if (!this.#isClaimCode(code)) {
      this.#guesses.note('claim', address)
      return refused(401, 'this is not the claim code of this box 认领码不对', 'code')
    }
    const checked = checkNewPassword(password, [...this.#options.knownNames, name])
    if (!checked.ok) return { ...checked, status: 400 }
    const person: Person = { name, role: 'installer', password: await hashPassword(password) }
    if (this.isClaimed) return refused(409, 'another person has claimed this box just now 刚被他人认领')
    const { claimCode: _used, ...rest } = this.#document
    const openUntilMs = this.#options.steadyMs() + openAfterClaimMs
    return this.#begin(person, attempt.isFromVillage, { ...rest, people: [person], openUntilMs })
  }

  async signIn(attempt: Attempt): Promise<NewSession | Refusal> {
    const { name, password, address } = attempt
    if (!this.#guesses.allows(name, address)) return tooMany()
    const person = this.#document.people.find((one) => one.name === name)
    const isRight = await this.#checks.run(password, person?.password ?? decoyPassword)
    if (isRight === 'busy') return tooMany()
    // Other attempts with this name may have failed while this one waited.
    if (!this.#guesses.allows(name, address)) return tooMany()
    const still = this.#document.people.find((one) => one.name === name)
    if (!isRight || still === undefined || still.password !== person?.password) {
      this.#guesses.note(name, address)
      return refused(401, 'name or password is wrong 姓名或密码不对')
    }
    return this.#begin(still, attempt.isFromVillage)
  }

  /** The person behind a cookie; undefined when the session has ended. */
  sessionOf(token: string): SignedIn | undefined {
    const hash = hashOf(token)
    const session = this.#document.sessions.find((one) => one.hash === hash)
    const person = session && this.#document.people.find(({ name }) => name === session.name)
    if (!session || !person) return undefined
    const nowMs = this.#options.steadyMs()
    const usedMs = this.#used.get(hash) ?? nowMs
    if (nowMs - session.sinceMs > sessionMsMax || nowMs - usedMs > sessionIdleMs) {
      this.#end(hash)
      return undefined
    }
    this.#used.set(hash, nowMs)
    return { name: person.name, role: person.role }
  }

  signOut(token: string): void {
    this.#end(hashOf(token))
  }

  /** Adds a person, or gives a person a new password and role; the sessions of that person end. */
  async setPerson(name: string, role: PersonRole, password: string): Promise<Result<void>> {
    const checked = checkNewPassword(password, [...this.#options.knownNames, name])
    if (!checked.ok) return checked
    const hash = await hashPassword(password)
    const others = this.#document.people.filter((one) => one.name !== name)
    if (others.length >= peopleMax) return bad(`at most ${peopleMax} people 人数过多`, 'name')
    if (role !== 'installer' && !others.some((one) => one.role === 'installer'))
      return bad('a box needs an installer 至少要有一名安装员', 'role')
    return this.#write({ ...this.#without(name), people: [...others, { name, role, password: hash }] })
  }

  removePerson(name: string): Result<void> {
    const others = this.#document.people.filter((one) => one.name !== name)
    if (others.length === this.#document.people.length) return bad('there is no such person 没有此人', 'name')
    if (!others.some(({ role }) => role === 'installer'))
      return bad('a box needs an installer 至少要有一名安装员', 'name')
    return this.#write({ ...this.#without(name), people: others })
  }

  #without(name: string): AccessDocument {
    const { sessions } = this.#document
    return { ...this.#document, sessions: sessions.filter((one) => one.name !== name) }
  }

  #begin({ name, role }: Person, isFromVillage: boolean, document = this.#document): NewSession {
    const token = randomBytes(32).toString('hex')
    const nowMs = this.#options.steadyMs()
    const session: StoredSession = { hash: hashOf(token), name, sinceMs: nowMs, isFromVillage }
    const live = document.sessions.filter(({ sinceMs }) => nowMs - sinceMs <= sessionMsMax)
    this.#change({ ...document, sessions: [...live.slice(1 - sessionsMax), session] })
    return { token, name, role }
  }

  #end(hash: string): void {
    this.#used.delete(hash)
    const sessions = this.#document.sessions.filter((one) => one.hash !== hash)
    if (sessions.length < this.#document.sessions.length) this.#tryWrite({ ...this.#document, sessions })
  }

  #isClaimCode(typed: string): boolean {
    const given = parseEnrolmentCode(typed)
    const code = this.claimCode
    if (!given.ok || code === undefined) return false
    return timingSafeEqual(Buffer.from(hashOf(given.value)), Buffer.from(hashOf(code)))
  }

  /** The label's code counts once: after a reset it may be known to the people before. */
  #newCode(isAgain = false): string {
    const label = isAgain ? undefined : this.#options.labelCode
    const parsed = label === undefined ? undefined : parseEnrolmentCode(label)
    return parsed?.ok ? parsed.value : createEnrolmentCode(randomBytes(8))
  }

  #change(document: AccessDocument): void {
    writeAccess(this.#options.dataDir, document)
    this.#document = document
    this.#onChange()
  }

  #write(document: AccessDocument): Result<void> {
    this.#change(document)
    return ok(undefined)
  }

  /** A card that takes no writes must not keep the console from working. */
  #tryWrite(document: AccessDocument): void {
    this.#document = document
    try {
      writeAccess(this.#options.dataDir, document)
    } catch {
      // The next change is written, or refused with the reason.
    }
  }
}
