// Storage over SQLite: one thread writes, one reads, behind the port.
import type { Storage, StorageCalls } from '../port.ts'
import { familyReaderCalls, familyWriterCalls } from '../family-port.ts'
import { searchReaderCalls } from '../search-port.ts'
import { outletReaderCalls, outletWriterCalls } from '../outlet-port.ts'
import { upwardReaderCalls, upwardWriterCalls } from '../upward-port.ts'
import { fleetReaderCalls, fleetWriterCalls } from '../fleet-port.ts'
import { enrolmentReaderCalls, enrolmentWriterCalls } from '../enrolment-port.ts'
import { villageReaderCalls, villageWriterCalls } from '../village-port.ts'
import { peopleReaderCalls, peopleWriterCalls } from '../people-port.ts'
import { responseReaderCalls, responseWriterCalls } from '../response-port.ts'
import { signInReaderCalls, signInWriterCalls } from '../sign-in-port.ts'
import type { StorageFailure } from '../storage-failure.ts'
import { WorkerClient } from './thread/worker-client.ts'

const writerCalls = [
  'writerAnswers',
  'remember',
  'storeIntake',
  'setCasePolicy',
  'takeCaseStep',
  'takeCentreInput',
  'openCase',
  'mergeCases',
  'splitCase',
  'passDeadlines',
  'redistribute',
  'passNight',
  'offerShift',
  'endShift',
  'putActionLists',
  'seeAlarm',
  'changeOwnAlarm',
  'storeUnkept',
  'endUnrecordedCalls',
  'noteBoxes',
  'putUser',
  'putToken',
  'extendToken',
  'revokeToken',
  'noteSecurity',
  'keepSecret',
  'retireBox',
  'askCommand',
  'moveCommand',
  'closeCommand',
  'storePicture',
  'dropPictures',
  'noteLook',
  'dropExpired',
  'countStoredBytes',
  'catchUpSearch',
  ...peopleWriterCalls,
  ...responseWriterCalls,
  ...familyWriterCalls,
  ...signInWriterCalls,
  ...villageWriterCalls,
  ...upwardWriterCalls,
  ...outletWriterCalls,
  ...enrolmentWriterCalls,
  ...fleetWriterCalls,
] as const satisfies (keyof StorageCalls)[]

const readerCalls = [
  'readerAnswers',
  'storedBytes',
  'alarm',
  'alarms',
  'setReaderCasePolicy',
  'cases',
  'caseOf',
  'caseEvents',
  'caseWithHistory',
  'actionLists',
  'caseHolders',
  'shifts',
  'openAlarmCounts',
  'pendingStages',
  'events',
  'changesAfter',
  'lastPosition',
  'trail',
  'verifyAudit',
  'quarantined',
  'password',
  'token',
  'securityEntries',
  'lastSecurityPosition',
  'isRedWaiting',
  'commands',
  'openCommands',
  'pictureFile',
  'picturesOfAlarm',
  'picturesOfBox',
  'findPicture',
  'picturesPastTerm',
  'picturesOverQuota',
  'picturesHere',
  'pictureBytes',
  'looks',
  'expired',
  'figures',
  'auditEntries',
  ...peopleReaderCalls,
  ...responseReaderCalls,
  ...familyReaderCalls,
  ...signInReaderCalls,
  ...searchReaderCalls,
  ...villageReaderCalls,
  ...upwardReaderCalls,
  ...outletReaderCalls,
  ...enrolmentReaderCalls,
  ...fleetReaderCalls,
] as const satisfies (keyof StorageCalls)[]

type Named = (typeof writerCalls)[number] | (typeof readerCalls)[number]

/** Rare enough that a page written repeatedly is checkpointed once. */
const foldEveryDefaultMs = 10_000

/**
 * `onThreadEnded`: a thread ended without `close`: storage has stopped working. Opens (and creates, checks, migrates)
 * the file; throws StorageFailure with the reason in words.
 */
export async function openSqliteStorage(
  file: string,
  nowMs: number,
  foldEveryMs = foldEveryDefaultMs,
  onThreadEnded: (failure: StorageFailure) => void = () => {},
): Promise<Storage> {
  const writer = await WorkerClient.open({ role: 'writer', file, nowMs, foldEveryMs }, onThreadEnded)
  let reader: WorkerClient
  try {
    reader = await WorkerClient.open({ role: 'reader', file, nowMs, foldEveryMs }, onThreadEnded)
  } catch (error) {
    await writer.close()
    throw error
  }
  const named = {} as Record<Named, unknown>
  for (const name of writerCalls) named[name] = (...args: unknown[]) => writer.call(name, args)
  for (const name of readerCalls) named[name] = (...args: unknown[]) => reader.call(name, args)
  // If a call is in neither list, the compiler reports it here.
  const calls: Record<keyof StorageCalls, unknown> = named
  const close = async (): Promise<void> => {
    await reader.close()
    await writer.close()
  }
  return { ...calls, close } as unknown as Storage
}
