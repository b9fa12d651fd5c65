// Wires what a maintainer asks of a running centre on its own machine: a support bundle, and the levels of its log.
import { ControlSocket } from '../../../platform/support/control-socket.ts'
import { levelCalls } from '../../../platform/support/level-calls.ts'
import type { ProgramLog } from '../../../platform/support/program-log.ts'
import { createBundle, machineText, readServiceLog } from '../../../platform/support/support-bundle.ts'
import { ok } from '../../../protocols/kit/result.ts'
import type { Storage } from '../../storage/port.ts'
import type { FleetBox } from '../../fleet/fleet-view.ts'
import type { Base } from '../base.ts'

const serviceUnit = 'gengfu-centre'
const factsMax = 500

export interface CentreSupportOptions {
  storage: Storage
  boxes: () => FleetBox[]
  notes: () => object
  programLog?: ProgramLog | undefined
}

export async function openSupport(base: Base, options: CentreSupportOptions): Promise<void> {
  const { config, clock, registry, logger, parts } = base
  const { storage, boxes, notes, programLog } = options
  const bundle = async (): Promise<Uint8Array> => {
    const { entries } = {
      entries: await storage.securityEntries({ before: Number.MAX_SAFE_INTEGER, limit: factsMax }),
    }
    const commands = await storage.commands({ limit: factsMax })
    const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    return createBundle({
      config,
      atMs: clock.wallMs(),
      parts: [
        { name: 'health.json', text: JSON.stringify({ ...notes(), boxes: boxes() }, undefined, 2) },
        { name: 'log.jsonl', text: programLog?.lines.text() ?? '' },
        { name: 'service.log', text: await readServiceLog(serviceUnit) },
        { name: 'security.jsonl', text: lines(entries) },
        { name: 'commands.jsonl', text: lines(commands) },
        { name: 'metrics.txt', text: await registry.metrics() },
        { name: 'machine.txt', text: machineText() },
      ],
    })
  }
  const socket = new ControlSocket(
    config.dataDir,
    { bundle: async () => ok(await bundle()), ...(programLog ? levelCalls(programLog.levels, clock) : {}) },
    logger.child({ part: 'support' }),
  )
  parts.add('control socket', () => socket.stop())
  await socket.start()
}
