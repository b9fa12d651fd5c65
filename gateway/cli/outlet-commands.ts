// `gengfu gateway outlet ...`: the outlets of a box's configuration.
import type { Command } from 'commander'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { addOutletCommands } from '../../platform/outlets/outlet-commands.ts'
import { printProblem } from '../../platform/terminal.ts'
import type { GatewayConfig } from '../config/config.ts'

/** `load` reports its problems itself. */
export function addBoxOutletCommands(
  program: Command,
  load: (file: string) => GatewayConfig | undefined,
): void {
  const clock = createSystemClock()
  const random = createSystemRandom()
  let isLoaded = false
  addOutletCommands(program, {
    load: (file) => {
      const config = load(file)
      isLoaded = config !== undefined
      return (config?.outlets ?? []).map((settings) => ({
        settings,
        create: async () => {
          // Loaded on first use: most boxes have no outlets.
          const { createSharedOutlet } = await import('../../platform/outlets/create-outlet.ts')
          return createSharedOutlet(settings, {
            clock,
            random,
            ...config?.limits,
            timeZone: config?.limits.timeZone ?? 'UTC',
          })
        },
      }))
    },
    fail: (words) => {
      if (isLoaded) printProblem(`gengfu gateway outlet: ${words}\n`)
      process.exitCode = 2
    },
  })
}
