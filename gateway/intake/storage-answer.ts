// How the end of a promise becomes the answer to a message.
import { JournalError, type StorageAnswer } from '../journal/port.ts'

export const notTaking = (): JournalError =>
  new JournalError('REFUSING', 'the journal does not take anything at the moment')
export const answerWith = (kept: Promise<unknown>, answer: StorageAnswer): void =>
  void kept.then(
    () => answer.kept(),
    (error: Error) => answer.refused(error),
  )
export const machinePause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
