// The log of a program: its lines go to standard output, the latest stay in memory for a support bundle, and the level of each part can
// be changed while the program runs.
import { pino, type Logger } from 'pino'
import { escapeHidden } from '../terminal.ts'
import { LogLevels } from './log-levels.ts'
import { LogRing } from './log-ring.ts'

export interface ProgramLog {
  logger: Logger
  lines: LogRing
  levels: LogLevels
}

export function openProgramLog({ level, base }: { level: string; base: object }): ProgramLog {
  const lines = new LogRing()
  const levels = new LogLevels()
  const logger = pino({
    level,
    base,
    onChild: (child) => levels.add(child as unknown as Logger),
    hooks: {
      streamWrite: (text) => {
        const line = escapeHidden(text)
        lines.add(line)
        return line
      },
    },
  })
  levels.start(logger)
  return { logger, lines, levels }
}
