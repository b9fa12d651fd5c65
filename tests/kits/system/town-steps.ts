// Shared steps of the town's tests: reading all data of the centre, waiting until a box has sent everything, acting as
// an operator.
import type { AlarmAnswer, AlarmsAnswer, DeskAlarm, EventsAnswer } from '../../../protocols/desk/api.ts'
import type { EventRecord } from '../../../protocols/domain/record.ts'
import type { TestTown } from './programs.ts'

export type StoredRecord = EventsAnswer['events'][number]

/** Every record that the centre has of the town's box, in its order. */
export async function storedRecords(town: TestTown): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (let after = ''; ;) {
    const page = await town.get<EventsAnswer>(`/api/v1/events?box=${town.boxId}&limit=500&after=${after}`)
    records.push(...page.events)
    after = page.next
    if (page.isEnd) return records
  }
}

/** `device messageId` of every event that the centre has. */
export async function storedEventIds(town: TestTown): Promise<string[]> {
  return (await storedRecords(town))
    .map(({ record }) => record)
    .filter((record): record is EventRecord => record.type === 'event')
    .map(({ device, messageId }) => `${device} ${messageId}`)
}

/** All rows of the desk, ended ones too. */
export async function deskRows(town: TestTown): Promise<DeskAlarm[]> {
  const rows: DeskAlarm[] = []
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: AlarmsAnswer = await town.get<AlarmsAnswer>(
      `/api/v1/alarms?state=all&limit=200&after=${after}`,
    )
    rows.push(...page.alarms)
    after = page.next
  }
  return rows
}

/** Resolves once the centre has receipted everything that the box has written. */
export async function allReceipted(town: TestTown): Promise<void> {
  await until(async () => {
    const answer = await fetch(`http://127.0.0.1:${town.ports.console}/api/v1/health`)
    const { lanes } = (await answer.json()) as { lanes: Record<string, { last: number; receipted: number }> }
    return Object.values(lanes).every(({ last, receipted }) => last === receipted)
  })
}

/** An operator's action on an alarm. */
export async function act(town: TestTown, alarm: string, step: 'seen' | 'accept'): Promise<DeskAlarm> {
  const answer = await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/alarms/${alarm}/${step}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await town.token()}` },
  })
  if (!answer.ok) throw new Error(`${step} ${alarm}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as AlarmAnswer).alarm
}

const untilMsMax = 20_000

/** Asks until the answer is yes; on a time-out the error names the question. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + untilMsMax
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`never came true: ${isTrue.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
