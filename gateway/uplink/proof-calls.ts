// The requests to the journal: when the centre's first answer fits, and when it shows that the folder was restored to an earlier state.
import type { EpochProofOptions } from './epoch-proof.ts'
import type { UplinkOptions } from './port.ts'

export interface ProofCallsOptions extends Pick<UplinkOptions, 'outbox' | 'logger' | 'onRolledBack'> {
  onRewound: () => void
}

export function proofCalls(options: ProofCallsOptions): Omit<EpochProofOptions, 'onProven'> {
  const { outbox, logger, onRolledBack, onRewound } = options
  let isLogged = false
  const renew = async (reason: string): Promise<boolean> => {
    if (!isLogged) {
      onRewound()
      logger.error({ reason, epoch: outbox.epoch }, 'the data folder went back to an earlier state')
    }
    let failure: unknown
    try {
      if (await outbox.renew(reason)) return true
    } catch (error) {
      failure = error
    }
    if (!isLogged)
      logger.error(
        { err: failure },
        'a new epoch can not begin now, at most one an hour does: nothing is settled until then',
      )
    isLogged = true
    return false
  }
  return {
    unproven: outbox.unproven,
    prove: (done) =>
      void outbox
        .prove()
        .catch((error: unknown) => logger.warn({ err: error }, 'what was sent could not be noted'))
        .finally(done),
    onRollback: async (reason, done) => {
      const isTaken = await renew(reason)
      done(isTaken)
      if (isTaken) onRolledBack?.(reason)
    },
  }
}
