// Which names of this machine a page may have been got under: any other one was made to point here (DNS rebinding).
import { isIP } from 'node:net'
import { hostname } from 'node:os'

/** An address, or what this machine is called: a name that is looked up elsewhere may be made to point anywhere. */
export function isOwnName(host: string | undefined, names: readonly string[] = []): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
    ['localhost', hostname(), ...names].some((own) => own.toLowerCase() === name)
  )
}
