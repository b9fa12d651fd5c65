// The faults of the campaign, one by one, each under load.
import { pause } from '../../bench/options.ts'
import type { CountyTown } from './county-town.ts'

/** Receipts that were on their way when the fault began. */
const onTheWayMs = 1000

/** While no commit can be durable, no box may get a Receipt, and red must stay at the boxes. */
async function noReceipts(town: CountyTown, ms: number, meanwhile: () => Promise<void>): Promise<string[]> {
  await pause(onTheWayMs)
  const fromMs = performance.now()
  const before = town.pressed.length
  while (performance.now() - fromMs < ms) {
    await meanwhile()
    await pause(50)
  }
  const told = town.boxes.filter(({ progressMs }) => progressMs > fromMs)
  const red = town.boxes.reduce((sum, box) => sum + box.waiting('red'), 0)
  return [
    ...told.map(({ id }) => `${id} got a Receipt while the standby was away`),
    ...(red < town.pressed.length - before ? [`${red} reds wait at the boxes, pressed were more`] : []),
  ]
}

export async function standbyKilled(town: CountyTown, ms: number): Promise<string[]> {
  await town.standby.end('SIGKILL')
  const found = await noReceipts(town, ms, async () => undefined)
  await town.standby.start()
  return found
}

/** The waits for the standby are cancelled, again and again. */
export async function waitCancelled(town: CountyTown, ms: number): Promise<string[]> {
  await town.standby.end('SIGKILL')
  let cancelled = 0
  const found = await noReceipts(town, ms, async () => {
    const rows = await town.primary.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE '%writer'",
    )
    cancelled += rows.length
  })
  await town.standby.start()
  return cancelled > 0 ? found : [...found, 'no wait was cancelled']
}

/** A centre stands still while its boxes move; what they had left in its sockets is read when it goes on. */
export async function centreFrozen(town: CountyTown, ms: number): Promise<string[]> {
  const frozen = town.random.pick(town.centres)
  const boxes = town.boxes.filter(({ port, isConnected }) => port === frozen.ports.uplink && isConnected)
  process.kill(frozen.program.pid, 'SIGSTOP')
  for (const box of boxes) box.leaveBehind()
  await pause(ms)
  process.kill(frozen.program.pid, 'SIGCONT')
  await pause(3000)
  return boxes.length > 0 ? [] : ['the centre had no boxes when it was stopped']
}

export async function centreKilled(town: CountyTown): Promise<string[]> {
  await town.killCentre(town.random.pick(town.centres))
  return []
}

/** One centre and the database do not hear each other any more, and no connection ends by it. */
export async function networkDivided(town: CountyTown, ms: number): Promise<string[]> {
  const { lines } = town.random.pick(town.centres)
  for (const line of lines) line.hold()
  await pause(ms)
  for (const line of lines) line.release()
  return []
}

export async function dutyHoldersKilled(town: CountyTown, ms: number, everyMs = 3000): Promise<string[]> {
  const endMs = performance.now() + ms
  let kills = 0
  while (performance.now() < endMs) {
    const nextMs = performance.now() + everyMs
    const holder = await town.dutyHolder()
    if (holder) {
      await town.killCentre(holder)
      kills += 1
    }
    await pause(Math.max(0, nextMs - performance.now()))
  }
  return kills > 0 ? [] : ['nobody had the duties']
}
