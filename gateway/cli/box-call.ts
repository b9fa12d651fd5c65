// Calls the running box over its console, as its page does: for commands of a person at the box.
import { userInfo } from 'node:os'
import { bad, ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import type { GatewayConfig } from '../config/config.ts'

/** A bridge has ten seconds to answer, and the box some more. */
const callMsMax = 20_000

/** The console's address; undefined when the system chose its port and it is unknown. */
export function consoleOf(config: GatewayConfig, given: string | undefined): string | undefined {
  if (given !== undefined) return given
  const { host, port } = config.console
  if (port === 0) return undefined
  const loopback = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  return `http://${loopback}:${port}/`
}

/** `away`: no program listens there. */
export type CallResult = { reached: false; why: string } | { reached: true; answer: Result<object> }

export async function callBox(url: string, path: string, body?: object): Promise<CallResult> {
  try {
    const response = await fetch(new URL(path, url), {
      signal: AbortSignal.timeout(callMsMax),
      ...(body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
    })
    const text = await response.text()
    if (!response.headers.get('content-type')?.startsWith('application/json'))
      return { reached: true, answer: bad(`${url} answers ${response.status}: ${text.slice(0, 200).trim()}`) }
    const answer = JSON.parse(text) as { problems?: Problem[] }
    if (response.ok) return { reached: true, answer: ok(answer) }
    const problems = answer.problems ?? [{ path: '', message: `it answers ${response.status}` }]
    return { reached: true, answer: { ok: false, problems } }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    return { reached: false, why: cause?.code ?? message }
  }
}

/** The name of the person, if none is given. */
export function askerOf(given: string | undefined): string {
  return given ?? process.env['SUDO_USER'] ?? userInfo().username
}

export const wordsOf = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
