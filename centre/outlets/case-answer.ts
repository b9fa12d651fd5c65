// The answer of a person by key, as a step of the case: 4 accept, 5 pass on, 6 done. What the case does not allow becomes a note.
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { AnswerKey } from '../../platform/outlets/port.ts'

export interface CaseAnswerOptions {
  storage: Pick<Storage, 'takeCaseStep'>
  clock: Clock
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

export type TakeAnswer = (
  caseId: string,
  key: AnswerKey | undefined,
  words: string,
  who: string,
) => Promise<void>

export function createCaseAnswer({ storage, clock, onStep }: CaseAnswerOptions): TakeAnswer {
  return async (caseId, key, words, who) => {
    const step = async (input: Parameters<Storage['takeCaseStep']>[1]): Promise<boolean> => {
      const actor = { who, isSupervisor: false }
      const outcome = await storage.takeCaseStep({ case: caseId }, input, actor, clock.wallMs())
      if (outcome.type === 'done') onStep(outcome.alarms, outcome.changes)
      return outcome.type === 'done'
    }
    const isTaken =
      (key === 'accept' && (await step({ do: 'accept' }))) ||
      (key === 'pass-on' && (await step({ do: 'release', text: words }))) ||
      (key === 'done' && (await step({ do: 'feedback', text: words, outcome: 'real' })))
    if (!isTaken) await step({ do: 'note', text: `${who}: ${words}` })
  }
}
