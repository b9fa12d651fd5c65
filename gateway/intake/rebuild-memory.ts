// Builds what intake remembers from the journal: documents as written, then the records since the checkpoint.
import type { AlarmEngine } from '../alarms/port.ts'
import type { Journal } from '../journal/port.ts'
import { documentPrefix, type AlarmDocuments } from './alarm-documents.ts'
import { recordsSinceCheckpoint } from './records.ts'
import { repeatPrefix, type RepeatDocument, type RepeatMemory } from './repeat-memory.ts'

export interface RebuildOptions {
  journal: Journal
  engine: AlarmEngine
  steadyBaseOf: (boot: number) => number
  documents: AlarmDocuments
  repeats: RepeatMemory
}

export async function rebuildMemory(options: RebuildOptions): Promise<void> {
  const { journal, engine, documents, repeats } = options
  documents.clear()
  repeats.clear()
  for (const [key, document] of await journal.loadState(repeatPrefix))
    repeats.restore(key.slice(repeatPrefix.length), document as RepeatDocument)
  const written = (await journal.loadState(documentPrefix)) as [string, object][]
  for (const [key, document] of written) documents.load(key, document)
  await replay(options)
  for (const [device, messageId] of await journal.loadOddIds()) repeats.take(device, messageId)
  // Replaying made tracking current; alarms, zones and the box are in the journal as current as they can be.
  const tracking = documents.takeTracking()
  documents.clear()
  for (const [key, document] of written) documents.load(key, document)
  for (const [key, document] of tracking) documents.set(key.slice(documentPrefix.length), document)
  // What the engine derived from the memory on the way is of no more use.
  engine.forget(documents)
}

async function replay({ journal, engine, documents, repeats, steadyBaseOf }: RebuildOptions): Promise<void> {
  for (const record of await recordsSinceCheckpoint(journal)) {
    if (record.type !== 'event') continue
    const { device, messageId, readings, deviceAtMs, setAside } = record
    // The checkpoint's positions are a lower bound: what it knows already must not be judged twice.
    if (repeats.take(device, messageId) === 'repeat') continue
    const event = {
      device,
      messageId,
      readings,
      ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
      ...(setAside ? { setAside } : {}),
    }
    engine.judge(
      documents,
      { type: 'event', event },
      {
        steadyMs: steadyBaseOf(record.boot) + record.sinceBootMs,
        wallMs: record.atMs,
        clock: record.clock,
        inputId: `replay-${record.sequence}`,
      },
    )
  }
}
