// `gengfu centre outlet ...`: the outlets of a centre's configuration.
import type { Command } from 'commander'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { addOutletCommands as addCommands } from '../../platform/outlets/outlet-commands.ts'
import type { CentreConfig } from '../config/config.ts'
import { createOutlet } from '../outlets/create-outlet.ts'
import { UsageFailure } from './usage-failure.ts'

export function addOutletCommands(program: Command, load: (file: string) => CentreConfig): void {
  const clock = createSystemClock()
  const random = createSystemRandom()
  addCommands(program, {
    load: (file) => {
      const { outlets, people } = load(file)
      return outlets.map((settings) => ({
        settings,
        create: () => createOutlet(settings, { clock, random, timeZone: people.timeZone }),
      }))
    },
    fail: (words) => {
      throw new UsageFailure(words)
    },
  })
}
