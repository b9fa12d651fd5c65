// The desk's side of the centre's HTTP contract. Every answer is a value or an ApiProblem; every wait has an end.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type {
  AlarmAnswer,
  AlarmsAnswer,
  ConflictAnswer,
  DeskAlarm,
  DeskPicture,
  ErrorAnswer,
  LoginAnswer,
  MeAnswer,
  PicturesAnswer,
  VillagesAnswer,
} from '../../../protocols/desk/api.ts'
import type { CaseAnswer, CasesAnswer } from '../../../protocols/desk/cases.ts'
import type { CommandAnswer, CommandsAnswer, DeskCommand } from '../../../protocols/desk/commands.ts'
import { ApiProblem } from './api-problem.ts'
import type { DeskContent } from './stream-link.ts'

export { ApiProblem, asProblem } from './api-problem.ts'

export const requestTimeoutMs = 8000
const uploadTimeoutMs = 60_000
/** Alarms per request, and pages read at most: 20,000 open alarms are more than any desk can show. */
export const alarmsPageSize = 200
export const alarmsPagesMax = 100
/** The latest commands, of all boxes. */
export const commandsPageSize = 200

/** The requests of this page to boxes. */
export type NewCommand = Pick<DeskCommand, 'do' | 'alarm' | 'zone' | 'seconds'>

const unreachable: BilingualText = { zh: '连不上中心服务器。', en: 'The centre can not be reached.' }
const unexpected: BilingualText = {
  zh: '中心的回答无法理解。',
  en: 'The centre gave an answer that makes no sense.',
}

export class DeskApi {
  /** Counts the sign-ins of this page: what was read for one person is not for the next. */
  signIns = 0
  #fetch: typeof fetch
  #timeoutMs: number

  constructor(options: { fetch: typeof fetch; timeoutMs?: number }) {
    this.#fetch = options.fetch
    this.#timeoutMs = options.timeoutMs ?? requestTimeoutMs
  }

  me(): Promise<MeAnswer> {
    return this.#request<MeAnswer>('GET', 'me')
  }

  /** Extends the session by another shift. */
  stay(): Promise<MeAnswer> {
    return this.#request<MeAnswer>('POST', 'me/stay')
  }

  async retire(box: string, why: string): Promise<void> {
    await this.#request('POST', `villages/${encodeURIComponent(box)}/retire`, { why })
  }

  login(user: string, password: string, code?: string): Promise<LoginAnswer> {
    this.signIns += 1
    const body = { user, password, ...(code === undefined ? {} : { code }) }
    return this.#request<LoginAnswer>('POST', 'login', body)
  }

  async logout(): Promise<void> {
    await this.#request('POST', 'logout')
  }

  /** The most urgent alarms that have not ended, for a quick comparison. */
  async mostUrgent(limit: number): Promise<DeskAlarm[]> {
    return (await this.#request<AlarmsAnswer>('GET', `alarms?state=active&limit=${limit}`)).alarms
  }

  /** All data of the desk, read page by page. */
  async snapshot(): Promise<DeskContent> {
    const { villages } = await this.#request<VillagesAnswer>('GET', 'villages')
    const alarms: DeskAlarm[] = []
    let after: string | undefined
    for (let page = 0; page < alarmsPagesMax; page++) {
      const from = after === undefined ? '' : `&after=${encodeURIComponent(after)}`
      const answer = await this.#request<AlarmsAnswer>(
        'GET',
        `alarms?state=active&limit=${alarmsPageSize}${from}`,
      )
      alarms.push(...answer.alarms)
      after = answer.next
      if (after === undefined) break
    }
    return { alarms, villages, commands: await this.#commands() }
  }

  /** A centre older than this page has no commands. */
  async #commands(): Promise<DeskCommand[]> {
    try {
      return (await this.#request<CommandsAnswer>('GET', `commands?limit=${commandsPageSize}`)).commands
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return []
      throw error
    }
  }

  /** Sends a command to a box; the centre has stored it when it answers. */
  ask(box: string, wanted: NewCommand): Promise<CommandAnswer> {
    return this.#request<CommandAnswer>('POST', `boxes/${encodeURIComponent(box)}/commands`, wanted)
  }

  /** Also one that is over; undefined when the centre has none. */
  async alarm(id: string): Promise<DeskAlarm | undefined> {
    try {
      return (await this.#request<AlarmAnswer>('GET', `alarms/${encodeURIComponent(id)}`)).alarm
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return undefined
      throw error
    }
  }

  /** The open cases, most urgent first. */
  cases(limit: number): Promise<CasesAnswer> {
    return this.#request<CasesAnswer>('GET', `cases?limit=${limit}`)
  }

  /** One case with its history and plans. */
  caseOf(target: { alarm: string } | { case: string }): Promise<CaseAnswer> {
    const path =
      'case' in target
        ? `cases/${encodeURIComponent(target.case)}`
        : `alarms/${encodeURIComponent(target.alarm)}/case`
    return this.#request<CaseAnswer>('GET', path)
  }

  /** A step, a note, an action or a plan of a case; rejects with the centre's reason for a refusal. */
  takeStep(id: string, step: string, body: object): Promise<Partial<CaseAnswer>> {
    return this.#request<Partial<CaseAnswer>>('POST', `cases/${encodeURIComponent(id)}/${step}`, body)
  }

  /** The pictures of an alarm, in the order in which they were taken. */
  async pictures(alarm: string): Promise<DeskPicture[]> {
    const path = `alarms/${encodeURIComponent(alarm)}/pictures`
    return (await this.#request<PicturesAnswer>('GET', path)).pictures
  }

  async accept(id: string): Promise<DeskAlarm | undefined> {
    return (await this.#request<Partial<AlarmAnswer>>('POST', `alarms/${encodeURIComponent(id)}/accept`))
      .alarm
  }

  async reportSeen(id: string): Promise<void> {
    await this.#request('POST', `alarms/${encodeURIComponent(id)}/seen`)
  }

  /** A file as it is; a slow line gets a minute. */
  async upload(path: string, file: Blob): Promise<void> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), uploadTimeoutMs)
    try {
      const response = await this.#fetch(`api/v1/${path}`, {
        method: 'POST',
        credentials: 'same-origin',
        signal: aborter.signal,
        headers: { 'content-type': file.type },
        body: file,
      })
      if (!response.ok) throw problemOf(response.status, await response.text())
    } catch (error) {
      if (error instanceof ApiProblem) throw error
      throw new ApiProblem(0, 'unreachable', unreachable, undefined, error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** What pages read that are loaded when they are opened. */
  read<T>(path: string): Promise<T> {
    return this.#request<T>('GET', path)
  }

  send<T>(path: string, body: object): Promise<T> {
    return this.#request<T>('POST', path, body)
  }

  async #request<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), this.#timeoutMs)
    try {
      const response = await this.#fetch(`api/v1/${path}`, {
        method,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: aborter.signal,
        headers: method === 'POST' ? { 'content-type': 'application/json' } : {},
        ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
      })
      const text = await response.text()
      if (!response.ok) throw problemOf(response.status, text)
      return (text === '' ? {} : JSON.parse(text)) as T
    } catch (error) {
      if (error instanceof ApiProblem) throw error
      if (error instanceof SyntaxError) throw new ApiProblem(502, 'bad-answer', unexpected, undefined, error)
      throw new ApiProblem(0, 'unreachable', unreachable, undefined, error)
    } finally {
      clearTimeout(timer)
    }
  }
}

function problemOf(status: number, text: string): ApiProblem {
  try {
    const answer = JSON.parse(text) as Partial<ConflictAnswer & ErrorAnswer>
    if (answer.error !== undefined) {
      return new ApiProblem(status, answer.error.code, answer.error.message, answer.alarm)
    }
  } catch {
    // A proxy answers with a page of its own; the status is still valid.
  }
  return new ApiProblem(status, `http-${status}`, {
    zh: `中心回答出错（${status}）。`,
    en: `The centre answered with an error (${status}).`,
  })
}
