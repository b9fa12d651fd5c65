// The names of storage's calls: which of its threads answers which, whatever database they work with.
import type { Storage, StorageCalls } from './port.ts'
import { clusterReaderCalls, clusterWriterCalls } from './intake/cluster-port.ts'
import { familyReaderCalls, familyWriterCalls } from './people/family-port.ts'
import { searchReaderCalls } from './search-port.ts'
import { outletReaderCalls, outletWriterCalls } from './outlet-port.ts'
import { upwardReaderCalls, upwardWriterCalls } from './upward-port.ts'
import { fleetReaderCalls, fleetWriterCalls } from './fleet-port.ts'
import { enrolmentReaderCalls, enrolmentWriterCalls } from './enrolment-port.ts'
import { villageReaderCalls, villageWriterCalls } from './village-port.ts'
import { peopleReaderCalls, peopleWriterCalls } from './people-port.ts'
import { responseReaderCalls, responseWriterCalls } from './response-port.ts'
import { signInReaderCalls, signInWriterCalls } from './people/sign-in-port.ts'

export const writerCalls = [
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
  'putCaseRules',
  'seeAlarm',
  'changeOwnAlarm',
  'storeUnstoredCall',
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
  ...clusterWriterCalls,
] as const satisfies (keyof StorageCalls)[]

export const readerCalls = [
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
  'caseRules',
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
  ...clusterReaderCalls,
] as const satisfies (keyof StorageCalls)[]

type Named = (typeof writerCalls)[number] | (typeof readerCalls)[number]

export type StorageRole = 'writer' | 'reader'

/** One thread of storage, with its database open. */
export interface StorageThread {
  call(name: string, args: unknown[]): Promise<unknown>
  close(): Promise<void>
}

/** Storage over a thread that writes and one that reads, for each database: the writer opens first, because it migrates. */
export async function openThreads(open: (role: StorageRole) => Promise<StorageThread>): Promise<Storage> {
  const writer = await open('writer')
  let reader: StorageThread
  try {
    reader = await open('reader')
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
