// What the page asks the box and sends to it, in the name of the signed-in person.
import { shallowRef } from 'vue'
import type { SessionAnswer } from '../../../protocols/console/installing.ts'
import { say } from '../../shared/language.ts'
import { accessWords } from './access-words.ts'

export const session = shallowRef<SessionAnswer>()

export interface CallProblem {
  path: string
  message: string
  row?: number
  column?: string
}
export interface CallResult<T> {
  isGood: boolean
  value?: T
  problems: CallProblem[]
}

const restartWaitMs = 700
const restartTriesMax = 60

/** The name under which this person acts; empty on the box itself, where no sign-in is needed. */
export const personName = (): string => session.value?.me?.name ?? ''
export const isInstaller = (): boolean => session.value?.me?.role !== 'maintainer'

/** The proof that a request comes from this page. */
export const pageHeaders = (): Record<string, string> => {
  const page = session.value?.page
  return page === undefined ? {} : { 'x-gengfu-page': page }
}

/** Undefined while the box does not answer. */
export async function ask<T>(path: string): Promise<T | undefined> {
  try {
    const response = await window.fetch(`api/v1/${path}`, { cache: 'no-store', credentials: 'same-origin' })
    if (response.status === 401) void refreshSession()
    return response.ok ? ((await response.json()) as T) : undefined
  } catch {
    return undefined
  }
}

/** An object as JSON, or a file as it is. */
export async function send<T = object>(path: string, body: object): Promise<CallResult<T>> {
  const isFile = body instanceof Blob
  const type = isFile ? 'application/octet-stream' : 'application/json'
  try {
    const response = await window.fetch(`api/v1/${path}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': type, ...pageHeaders() },
      body: isFile ? body : JSON.stringify(body),
    })
    if (response.status === 401 && session.value?.me) void refreshSession()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    if (!isJson) return { isGood: false, problems: [{ path: '', message: await response.text() }] }
    const value = (await response.json()) as T & { problems?: CallProblem[] }
    if (response.ok) return { isGood: true, value, problems: [] }
    return {
      isGood: false,
      value,
      problems: value.problems ?? [{ path: '', message: say(accessWords.failed) }],
    }
  } catch {
    return { isGood: false, problems: [{ path: '', message: say(accessWords.failed) }] }
  }
}

export async function refreshSession(): Promise<boolean> {
  try {
    const response = await window.fetch('api/v1/session', { cache: 'no-store', credentials: 'same-origin' })
    if (!response.ok) return false
    session.value = (await response.json()) as SessionAnswer
    return true
  } catch {
    return false
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The gateway starts anew after a change: waits until it answers again, as the caller recognises it. */
export async function waitFor(isReady: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < restartTriesMax; tries++) {
    if (await isReady()) return true
    await pause(restartWaitMs)
  }
  return false
}

export const problemText = ({ path, message, row, column }: CallProblem): string => {
  const place = row === undefined ? path : say(accessWords.row).replace('{row}', String(row))
  const where = [place, column].filter((part) => part !== undefined && part !== '').join(' · ')
  return where === '' ? message : `${where}: ${message}`
}
