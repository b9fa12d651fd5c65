// The part of `gengfu check` about the machine: clock, data folder, board, network.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLoopback } from '../../../platform/loopback.ts'
import type { Fault } from '../../../protocols/health/faults.ts'
import { diskLowBytes, faultsOfVitals } from '../../../protocols/health/vitals-faults.ts'
import { programEarliestMs } from '../../clock/clock-bounds.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { readBoard } from '../../health/board/board-facts.ts'
import { diskOf } from '../../health/disk-room.ts'
import type { CheckReport, Note } from './check-report.ts'
import type { CheckWorld, RunningBox } from './check-world.ts'

const minute = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

/** The running program judges its clock: the centre may have set it where the machine has no time service of its own. */
export async function checkClock(
  { wallMs, isSynced }: CheckWorld,
  running: RunningBox | undefined,
): Promise<CheckReport> {
  const clock = running?.health.clock
  const at = minute(clock?.atMs ?? wallMs)
  if (wallMs < programEarliestMs)
    return { faults: [{ code: 'clock-impossible', grade: 'act', facts: { at } }], notes: [] }
  const isSet = clock === undefined ? await isSynced() : clock.quality !== 'unsynced'
  if (!isSet) return { faults: [{ code: 'clock-unsynced', grade: 'watch', facts: {} }], notes: [] }
  return {
    faults: [],
    notes: [{ grade: 'good', zh: `时钟 ${at}，已校时`, en: `the clock is synced (${at}).` }],
  }
}

export function checkFolder({ dataDir }: GatewayConfig): CheckReport {
  const facts = { folder: dataDir }
  if (!existsSync(dataDir)) return { faults: [{ code: 'folder-missing', grade: 'watch', facts }], notes: [] }
  try {
    accessSync(dataDir, constants.W_OK)
  } catch {
    return { faults: [{ code: 'folder-unwritable', grade: 'act', facts }], notes: [] }
  }
  const faults: Fault[] = existsSync(join(dataDir, 'damaged-1'))
    ? [{ code: 'journal-salvaged', grade: 'watch', facts: {} }]
    : []
  const { freeBytes, totalBytes } = diskOf(dataDir)
  faults.push(...faultsOfVitals({ version: '', disk: { freeBytes, totalBytes } }, { nowMs: undefined }))
  const megabytes = Math.round(freeBytes / 1024 / 1024)
  const notes: Note[] =
    freeBytes < diskLowBytes
      ? []
      : [{ grade: 'good', zh: `磁盘剩余 ${megabytes} MB`, en: `${megabytes} MB are free on the disk.` }]
  return { faults, notes }
}

/** Memory, heat, voltage, mains: as the board tells. */
export const checkBoard = ({ root }: CheckWorld): CheckReport => ({
  faults: faultsOfVitals({ version: '', ...readBoard(root) }, { nowMs: undefined }),
  notes: [],
})

/** The way out of the local network, where the centre is not on this machine. */
export function checkRoute({ uplink }: GatewayConfig, { root }: CheckWorld): Fault[] {
  if (!uplink || (uplink.urls ?? [uplink.url]).every((url) => isLoopback(new URL(url).hostname))) return []
  const [routes, routes6] = ['proc/net/route', 'proc/net/ipv6_route'].map((file) => read(join(root, file)))
  if (routes === undefined) return []
  const rows = routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
  const way = rows.find(
    ([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000',
  )
  const hasWay6 = (routes6 ?? '')
    .split('\n')
    .some((line) => /^0{32} 00 /.test(line) && !line.trim().endsWith(' lo'))
  if (!way) return hasWay6 ? [] : [{ code: 'no-route', grade: 'act', facts: {} }]
  const address = addressOf(way[2] ?? '')
  return address !== undefined && isDead(address, read(join(root, 'proc/net/arp')) ?? '')
    ? [{ code: 'route-dead', grade: 'act', facts: { address } }]
    : []
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** `0101A8C0` is 192.168.1.1; none for a route without a gateway, such as that of a modem. */
function addressOf(hex: string): string | undefined {
  const bytes = hex.match(/[0-9A-Fa-f]{2}/g)
  if (bytes?.length !== 4 || hex === '00000000') return undefined
  return bytes
    .reverse()
    .map((one) => Number.parseInt(one, 16))
    .join('.')
}

/** It was asked for its hardware address and has not answered. */
function isDead(address: string, neighbours: string): boolean {
  const row = neighbours
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([one]) => one === address)
  return row !== undefined && Number.parseInt(row[2] ?? '', 16) === 0
}
