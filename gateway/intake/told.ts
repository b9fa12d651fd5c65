// How somebody is told what became of a message.
import { JournalError } from '../journal/port.ts'
import type { Told } from './port.ts'

export const notTaking = (): JournalError =>
  new JournalError('REFUSING', 'the journal does not take anything at the moment')
export const pass = (kept: Promise<void>, told: Told): void =>
  void kept.then(
    () => told.kept(),
    (error: Error) => told.refused(error),
  )
export const machinePause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
