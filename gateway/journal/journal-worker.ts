// The journal's own thread: all access to the disk happens here, so that the event loop which answers devices never
// waits for it.
import { parentPort, workerData } from 'node:worker_threads'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { setThreadNiceness } from '../../platform/thread.ts'
import { lockJournal } from './lock.ts'
import { dropOldCopy } from './before-migration.ts'
import { isDamage, markSuspect, openJournalFile } from './damage/salvage.ts'
import { askRenewal } from './damage/renewal.ts'
import { JournalStore } from './store.ts'
import type { WorkerOptions, WorkerReply, WorkerRequest } from './worker-messages.ts'
import { codeOf, messageOf } from '../../platform/failure.ts'

const port = parentPort
if (!port) throw new Error('journal-worker runs as a worker thread only')
const options = workerData as WorkerOptions

const reply = (message: WorkerReply): void => port.postMessage(message)

function asError(error: unknown): { code: string; message: string } {
  return { code: codeOf(error) || 'FAILED', message: messageOf(error) }
}

let epoch = ''

function answer(store: JournalStore, request: WorkerRequest): unknown {
  switch (request.type) {
    case 'commit':
      return store.commit(request)
    case 'read':
      return store.read(request.lane, request.after, request.recordsMax, request.bytesMax)
    case 'state':
      return store.state(request.prefix)
    case 'uncountedIds':
      return store.uncountedIds()
    case 'quarantine':
      return store.quarantine(request.limit)
    case 'trim':
      return store.trim(request.lane, request.receipted, request.rowsMax)
    case 'repair':
      return store.repair(request.boot, request.bootWallMs)
    case 'prove':
      return store.prove()
    case 'renew':
      return askRenewal(options.folder, epoch, request.reason, request.wallMs)
    case 'look':
      return store.look(request.receipted)
    case 'close':
      return store.close(request.receipted)
  }
}

/** On a full disk the note can not be written: the caller is answered in any case. */
function noteDamage(reason: string): void {
  try {
    markSuspect(options.folder, reason)
  } catch {
    // Then the next start does not find the note, but it checks a small file in any case.
  }
}

function run(): void {
  const unlock = lockJournal(options.folder)
  const { db, isNewEpoch, salvaged, rewound } = openJournalFile(options.folder, options.newEpoch)
  const clock = createSystemClock()
  dropOldCopy(options.folder, clock.wallMs())
  const store = new JournalStore(db, options, clock)
  port?.on('message', ({ id, request }: { id: number; request: WorkerRequest }) => {
    try {
      const value = answer(store, request)
      reply({ id, value, sizeBytes: store.sizeBytes(), space: store.space(), spoilt: store.spoilt() })
      // No caller waits for a checkpoint, except an alarm that arrives during it.
      if (request.type === 'commit') store.checkpointIfDue()
    } catch (error) {
      if (isDamage(error)) noteDamage(asError(error).message)
      reply({ id, error: asError(error), space: store.space() })
    }
    if (request.type === 'close') {
      unlock()
      port.close()
    }
  })
  const opened = { ...store.open(isNewEpoch), ...(salvaged && { salvaged }), ...(rewound && { rewound }) }
  epoch = opened.epoch
  reply({ id: 0, opened })
}

// Every alarm waits for this thread, and it needs little time: it runs at a higher priority where the system allows
// it (`LimitNICE`).
setThreadNiceness(-10)
try {
  run()
} catch (error) {
  reply({ id: 0, error: asError(error) })
  port.close()
}
