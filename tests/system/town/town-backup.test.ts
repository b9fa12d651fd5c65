// Question: does a centre that lost its data come back from its backup by the commands of the handbook, usable for a person with the
// own password, with the case of before and the records that boxes send afterwards? The time it takes is printed.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LoginAnswer } from '../../../protocols/desk/api.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import { makeAlarm, makeEvent, TestBox } from '../../contract/centre/centre-parts.ts'
import { createTown, runCommand, type TestTown } from '../../kits/system/programs.ts'
import { deskRows, until } from '../../kits/system/town-steps.ts'

const password = 'correct horse battery'
const reports = 20
const perReport = 250
let town: TestTown

beforeEach(async () => {
  town = await createTown()
})
afterEach(() => town.close())

const command = (text: string): Promise<string> =>
  runCommand([...text.split(' '), '--config', town.centreFile])

async function login(): Promise<LoginAnswer> {
  const answer = await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'wang', password }),
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as LoginAnswer
}

/** A step of the case of the first press, or the case itself. */
async function ofCase({ token }: LoginAnswer, step?: string, body: object = {}): Promise<CaseAnswer> {
  const id = `${town.boxId}.sos-1`
  const answer = await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/alarms/${id}/${step ?? 'case'}`, {
    method: step === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(step === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect([step, answer.status]).toEqual([step, 200])
  return (await answer.json()) as CaseAnswer
}
const sent = { to: ['Li'], text: 'take the key' }

it('is signed in to, holds the case, and takes the next press after its data are gone and a backup is restored', async () => {
  const passwordFile = join(town.folder, 'password')
  writeFileSync(passwordFile, password)
  await command(`centre user add --role operator --name wang --password-file ${passwordFile}`)
  const centre = await town.startCentre()
  const url = `mqtt://127.0.0.1:${town.ports.uplink}`
  const box = await new TestBox(url, town.boxId).ready()
  for (let at = 0; at < reports; at++) {
    const first = at * perReport + 1
    await box.report(
      'routine',
      first,
      Array.from({ length: perReport }, (_, i) => makeEvent(first + i)),
    )
  }
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await until(async () => (await deskRows(town)).length === 1)
  await until(async () => box.receipts.some(({ lanes }) => lanes.routine?.storedTo === reports * perReport))
  const before = await login()
  await ofCase(before, 'accept')
  const backups = join(town.folder, 'backups')
  // Beside the running centre.
  await command(`centre backup --to ${backups}`)
  await ofCase(before, 'dispatch', sent)
  await box.end()
  await centre.end('SIGKILL')

  // The disk is gone.
  const startedMs = performance.now()
  rmSync(join(town.folder, 'centre'), { recursive: true })
  const [backup = ''] = readdirSync(backups)
  await command(`centre restore --from ${join(backups, backup)}`)
  await town.startCentre()
  const after = await login()
  const { case: item, history } = await ofCase(after)
  const seconds = (performance.now() - startedMs) / 1000
  process.stdout.write(`restored, started and signed in to after ${seconds.toFixed(1)} s\n`)

  // What was answered before the backup is there; the step of after it was not in it, and can be taken again.
  expect(item).toMatchObject({ state: 'accepted', holder: 'wang' })
  expect(history?.map(({ what }) => what)).toEqual(expect.arrayContaining(['opened', 'accepted']))
  expect((await ofCase(after, 'dispatch', sent)).case.state).toBe('dispatched')
  expect(await command('centre verify-audit')).toMatch(/\d/)
  const again = await new TestBox(url, town.boxId).ready()
  await again.report('red', 2, [makeAlarm(2, 'raised', { id: 'sos-2', device: 'button-2' })])
  await until(async () => (await deskRows(town)).some(({ device }) => device === 'button-2'))
  await again.end()
}, 180_000)
