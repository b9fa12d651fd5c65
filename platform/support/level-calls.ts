// The calls that read and change the log levels of a running program, for its control socket and its commands.
import { z } from 'zod'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { ok } from '../../protocols/kit/result.ts'
import type { ControlCall } from './control-socket.ts'
import {
  levelMinutesDefault,
  levelMinutesMax,
  logLevelNames,
  type LevelOfPart,
  type LogLevels,
} from './log-levels.ts'

const levelSchema = z.strictObject({
  part: z.string().min(1).max(40),
  level: z.enum(logLevelNames),
  minutes: z.number().min(0).max(levelMinutesMax).default(levelMinutesDefault),
})

export interface LevelsAnswer {
  levels: LevelOfPart[]
}

export const levelCalls = (levels: LogLevels, clock: Clock): Readonly<Record<'log-level', ControlCall>> => ({
  'log-level': async (body) => {
    if (body !== undefined) {
      const asked = fromZod(levelSchema, body)
      if (!asked.ok) return asked
      const { part, level, minutes } = asked.value
      const done = levels.set(part, level, minutes, clock)
      if (!done.ok) return done
    }
    return ok({ levels: levels.list(clock.monotonicMs()) } satisfies LevelsAnswer)
  },
})
