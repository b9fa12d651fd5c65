// The environment that a box runs in, read from its systemd unit: budgets of memory hold for what is deployed.
import { readFileSync } from 'node:fs'

const unitFile = new URL('../../../deploy/box/gengfu-gateway.service', import.meta.url)

/** To put before a command line: `env NAME=value ...`. */
export function boxEnvironment(): string[] {
  const found = [...readFileSync(unitFile, 'utf8').matchAll(/^Environment=(.+)$/gm)].map(
    ([, pair]) => pair ?? '',
  )
  if (found.length === 0) throw new Error('the unit of the box sets no environment any more')
  return ['env', ...found]
}
