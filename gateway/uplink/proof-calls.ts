// What the journal is asked to do when the centre's first word fits, and when it shows that the folder went back.
import type { EpochProofOptions } from './epoch-proof.ts'
import type { UplinkOptions } from './port.ts'

export interface ProofCallsOptions extends Pick<UplinkOptions, 'outbox' | 'logger' | 'onWentBack'> {
  onRewound: () => void
}

export function proofCalls({
  outbox,
  logger,
  onWentBack,
  onRewound,
}: ProofCallsOptions): Omit<EpochProofOptions, 'onProven'> {
  let isSaid = false
  return {
    unproven: outbox.unproven,
    prove: (done) =>
      void outbox
        .prove()
        .catch((error: unknown) => logger.warn({ err: error }, 'what was sent could not be noted'))
        .finally(done),
    wentBack: (reason, done) => {
      if (!isSaid) {
        onRewound()
        logger.error({ reason, epoch: outbox.epoch }, 'the data folder went back to an earlier state')
      }
      const refused = (error?: unknown): void => {
        if (!isSaid)
          logger.error(
            { err: error },
            'a new epoch can not begin now, at most one an hour does: nothing is settled until then',
          )
        isSaid = true
        done(false)
      }
      outbox.renew(reason).then((isTaken) => {
        if (!isTaken) return refused()
        done(true)
        onWentBack?.(reason)
      }, refused)
    },
  }
}
