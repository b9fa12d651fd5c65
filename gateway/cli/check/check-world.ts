// What `gengfu check` looks at outside of the configuration; a test puts another world in its place.
import type { UnregisteredDevice, HealthAnswer } from '../../../protocols/console/api.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { callControlSocket } from '../../../platform/support/control-socket.ts'
import { isSystemSynced } from '../../../platform/disk/system-sync.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { reasonOf } from '../../uplink/connect/connect-failure.ts'
import { dial } from '../../uplink/connect/dial.ts'

const reachMsMax = 15_000
const consoleMsMax = 3000

export interface RunningBox {
  health: HealthAnswer
  /** Devices that were refused or are not listed. */
  knocking: readonly UnregisteredDevice[]
}

export interface CheckWorld {
  wallMs: number
  isSynced: () => Promise<boolean>
  /** Of the files of the kernel. */
  root: string
  /** Undefined when it can be reached, else why not. */
  reach: (host: string, port: number) => Promise<string | undefined>
  /** Undefined when the gateway does not run. */
  running: (config: GatewayConfig) => Promise<RunningBox | undefined>
}

export const systemWorld = (): CheckWorld => ({
  wallMs: createSystemClock().wallMs(),
  isSynced: isSystemSynced,
  root: '/',
  reach,
  running: readRunning,
})

async function reach(host: string, port: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(reachMsMax)
  try {
    const clock = createSystemClock()
    const socket = await dial(host, port, { signal, clock, isUrgent: () => false })
    socket.destroy()
    return undefined
  } catch (error) {
    return signal.aborted ? `no answer in ${reachMsMax / 1000} s (${reasonOf(error)})` : reasonOf(error)
  }
}

/** Over the control socket of the program; if this user may not open the socket, over the console. */
export async function readRunning({
  dataDir,
  console: { host, port },
}: GatewayConfig): Promise<RunningBox | undefined> {
  const asked = await callControlSocket(dataDir, 'health').catch(() => undefined)
  if (asked?.ok) {
    const knocks = await callControlSocket(dataDir, 'knocking').catch(() => undefined)
    const { knocking } = (knocks?.ok ? JSON.parse(knocks.value.toString('utf8')) : { knocking: [] }) as {
      knocking: UnregisteredDevice[]
    }
    return { health: JSON.parse(asked.value.toString('utf8')) as HealthAnswer, knocking }
  }
  const shown = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host
  try {
    const answer = await fetch(`http://${shown}:${port}/api/v1/health`, {
      signal: AbortSignal.timeout(consoleMsMax),
    })
    return answer.ok ? { health: (await answer.json()) as HealthAnswer, knocking: [] } : undefined
  } catch {
    return undefined
  }
}
