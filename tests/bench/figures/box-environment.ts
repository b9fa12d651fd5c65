// The environment of a box, read from its systemd unit, so that memory budgets apply to the deployed program.
import { readFileSync } from 'node:fs'

const unitFile = new URL('../../../deploy/box/gengfu-gateway.service', import.meta.url)

/** Prefix for a command line: `env NAME=value ...`. */
export function boxEnvironment(): string[] {
  // A value with spaces is in quotes, which are the unit's and not the value's.
  const found = [...readFileSync(unitFile, 'utf8').matchAll(/^Environment=("?)(.+)\1$/gm)].map(
    ([, , pair]) => pair ?? '',
  )
  if (!found.some((pair) => pair.startsWith('NODE_OPTIONS=')))
    throw new Error('the unit of the box sets no environment any more')
  return ['env', ...found]
}
