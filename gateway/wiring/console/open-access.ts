// Who may use the console: a box without an installer logs its claim code.
import { readFileSync } from 'node:fs'
import { villageOf } from '../../../protocols/domain/names.ts'
import { ConsoleAccess } from '../../console/access/console-access.ts'
import type { Base } from '../base.ts'

export function openAccess(base: Base, { steadyMs }: { steadyMs: () => number }): ConsoleAccess {
  const { config, clock } = base
  const logger = base.logger.child({ part: 'console' })
  const { id, name } = config.box
  const { villageHost, claimCodeFile } = config.console
  let labelCode: string | undefined
  try {
    if (claimCodeFile !== undefined) labelCode = readFileSync(claimCodeFile, 'utf8').trim()
  } catch (error) {
    logger.error({ err: error, file: claimCodeFile }, 'the claim code of the label can not be read')
  }
  const access = new ConsoleAccess({
    dataDir: config.dataDir,
    labelCode,
    isForVillage: villageHost !== undefined,
    clock,
    steadyMs,
    knownNames: [id, villageOf(id), ...(name === undefined ? [] : [name])],
  })
  if (access.problem !== undefined)
    logger.error(
      { reason: access.problem },
      'the console can not know its people: it answers on the box itself only',
    )
  else if (villageHost !== undefined && !access.isClaimed)
    logger.warn(
      { claimCode: access.claimCode },
      'this box has no installer yet: its claim code sets the first password at the console',
    )
  return access
}
