// The names of this machine under which a page may have been loaded: any other name was pointed at this address (DNS
// rebinding).
import { isIP } from 'node:net'
import { hostname } from 'node:os'

/** An address, or the machine's own name: a name that is resolved elsewhere may point anywhere. */
export function isOwnName(host: string | undefined, names: readonly string[] = []): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
    ['localhost', hostname(), ...names].some((own) => own.toLowerCase() === name)
  )
}
