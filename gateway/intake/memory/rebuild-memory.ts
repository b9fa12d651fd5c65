// Rebuilds the memory of intake from the journal: the stored documents, then the records since the checkpoint.
import type { AlarmEngine } from '../../alarms/port.ts'
import type { Journal } from '../../journal/port.ts'
import { documentPrefix, type AlarmDocuments } from '../alarm-documents.ts'
import { deviceForgotten, idUsedAgain, type EventRecord } from '../../../protocols/domain/record.ts'
import { contentHash } from '../../../protocols/kit/content-hash.ts'
import { recordsSinceCheckpoint } from '../records.ts'
import { repeatPrefix, type RepeatMemory } from './repeat-memory.ts'

export interface RebuildOptions {
  journal: Journal
  engine: AlarmEngine
  steadyBaseOf: (boot: number) => number
  /** Steady time now. */
  steadyMs: number
  documents: AlarmDocuments
  repeats: RepeatMemory
}

export async function rebuildMemory(options: RebuildOptions): Promise<void> {
  const { journal, engine, documents, repeats } = options
  documents.clear()
  repeats.clear()
  for (const [key, document] of await journal.loadState(repeatPrefix))
    repeats.restore(key.slice(repeatPrefix.length), document)
  const written = (await journal.loadState(documentPrefix)) as [string, object][]
  for (const [key, document] of written) documents.load(key, document)
  await replay(options)
  for (const [device, messageId, heard] of await journal.loadUncountedIds())
    repeats.restoreOdd(device, messageId, heard, options.steadyMs)
  // After the replay tracking is current; the documents of alarms, zones and the box are always current in the journal.
  const tracking = documents.takeTracking()
  documents.clear()
  for (const [key, document] of written) documents.load(key, document)
  for (const [key, document] of tracking) documents.set(key.slice(documentPrefix.length), document)
  // The index that the engine derived during the replay is void.
  engine.forget(documents)
}

async function replay({ journal, engine, documents, repeats, steadyBaseOf }: RebuildOptions): Promise<void> {
  for (const record of await recordsSinceCheckpoint(journal)) {
    const forgotten = record.type === 'log' && record.what === deviceForgotten && record.facts?.['device']
    if (typeof forgotten === 'string') repeats.forget(forgotten)
    if (record.type !== 'event') continue
    const { device, messageId, readings, deviceAtMs, setAside } = record
    const steadyMs = steadyBaseOf(record.boot) + record.sinceBootMs
    const heard = { device, messageId, content: contentHash(readings, deviceAtMs), steadyMs }
    const { flags } = record as EventRecord & { flags?: unknown }
    // The checkpoint's positions are a lower bound: records that its documents include must not be judged twice.
    if (!repeats.replay(heard, Array.isArray(flags) && flags.includes(idUsedAgain))) continue
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
        steadyMs,
        wallMs: record.atMs,
        clock: record.clock,
        inputId: `replay-${record.sequence}`,
      },
    )
  }
}
