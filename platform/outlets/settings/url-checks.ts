// Addresses of receivers in settings.
import { isLoopback } from '../../loopback.ts'
import type { Problem } from '../../../protocols/kit/result.ts'

/** Undefined when the address is good; `http` is allowed on loopback only, since what is sent names people. */
export function urlFault(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isGood =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname))
  return isGood ? undefined : 'https://HOST/PATH: plain http is allowed on loopback only'
}

export function checkUrl(
  path: string,
  { url, urlFile }: { url?: string | undefined; urlFile?: string | undefined },
): Problem[] {
  if ((url === undefined) === (urlFile === undefined))
    return [{ path: `${path}.url`, message: 'one of url and urlFile is needed' }]
  const message = url === undefined ? undefined : urlFault(url)
  return message === undefined ? [] : [{ path: `${path}.url`, message }]
}
