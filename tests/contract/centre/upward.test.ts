// Does a town's case reach the county over a TLS link that is cut again and again: nothing lost, nothing doubled, red first, and does the answer come back?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AlarmsAnswer } from '../../../protocols/desk/api.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { CutLine } from '../../kits/network/cut-line.ts'

const [town, village] = ['320612104', '320612104201']
let folders: string[]
let county: CentreUnderTest
let here: CentreUnderTest
let box: TestBox
let line: CutLine
let chief: string
let zhou: string
let sequence = 0

beforeAll(async () => {
  folders = [makeFolder(), makeFolder()]
  const [above = '', own = ''] = folders
  const authority = await createAuthority()
  const [server, mine] = [await authority.issueServer(), await authority.issueDevice(town)]
  const write = (folder: string, issued: { cert: string; key: string }) => {
    const files = { caFile: 'ca.pem', certFile: 'own.pem', keyFile: 'own.key' }
    const [caFile, certFile, keyFile] = Object.values(files).map((name) => join(folder, name))
    writeFileSync(caFile ?? '', authority.cert)
    writeFileSync(certFile ?? '', issued.cert)
    writeFileSync(keyFile ?? '', issued.key, { mode: 0o600 })
    return { caFile, certFile, keyFile }
  }
  const tls = write(above, server)
  county = await startCentre(above, {
    config: { uplink: { listeners: [{ host: '127.0.0.1', port: 0, tls }] } },
  })
  line = new CutLine()
  const port = await line.open(Number(new URL(county.centre.uplinkUrls[0] ?? '').port))
  here = await startCentre(own, {
    config: {
      upward: {
        url: `mqtts://127.0.0.1:${port}`,
        id: town,
        name: '上溪镇',
        byRule: ['red'],
        ...write(own, mine),
      },
      cases: { night: [] },
    },
  })
  box = await new TestBox(here.centre.uplinkUrls[0] ?? '', `${village}-1`).ready()
  chief = here.token('supervisor', 'chief')
  zhou = county.token('supervisor', 'zhou')
})
afterAll(async () => {
  await box.end()
  await here.centre.stop()
  await county.centre.stop()
  line.close()
  folders.forEach(dropFolder)
})

async function raise(id: string, more: Parameters<typeof makeAlarm>[2] = {}): Promise<string> {
  sequence++
  await box.report('red', sequence, [makeAlarm(sequence, 'raised', { id, ...more })])
  return (await caseOf(here, `${village}-1.${id}`, chief)).case.id
}
async function caseOf(of: CentreUnderTest, alarm: string, token: string): Promise<CaseAnswer> {
  return (await (await of.get(`/api/v1/alarms/${alarm}/case`, token)).json()) as CaseAnswer
}
const ids = async (): Promise<string[]> => {
  const answer = await county.get('/api/v1/alarms?state=all&limit=1000', zhou)
  return ((await answer.json()) as AlarmsAnswer).alarms.map(({ id }) => id.slice(town.length + 1))
}
interface Stored {
  lane: string
  number: number
  receivedAtMs: number
  record: JournalRecord
}
async function recordsThere(): Promise<Stored[]> {
  const answer = await county.get(`/api/v1/events?box=${town}&limit=1000`, zhou)
  return ((await answer.json()) as { events: Stored[] }).events
}

test('a red case goes up by rule, another one by hand; seen, accepted and an instruction come back as stages', async () => {
  const red = await raise('sos-1', { zone: 'wang-12', place: { zone: '王大爷家', phone: '555-0112' } })
  await until(async () => (await ids()).includes(red))
  const there = await caseOf(county, `${town}.${red}`, zhou)
  expect(there.case).toMatchObject({ colour: 'red', village: town })
  // What the other people need comes along.
  await until(async () =>
    (await caseOf(county, `${town}.${red}`, zhou)).history?.some(
      ({ what, text }) => what === 'note' && text.includes('555-0112'),
    ),
  )
  await county.post(`/api/v1/alarms/${town}.${red}/seen`, zhou)
  await county.post(`/api/v1/cases/${there.case.id}/accept`, zhou)
  await county.post(`/api/v1/cases/${there.case.id}/instruct`, zhou, { text: 'send the boat' })
  const answered = await until(async () => {
    const { case: item, history } = await caseOf(here, `${village}-1.sos-1`, chief)
    const answers = history?.filter(({ what }) => what === 'report-answered') ?? []
    return answers.length === 3 ? { item, answers } : undefined
  })
  expect(answered.answers.map(({ text }) => text)).toEqual([
    expect.stringContaining('seen'),
    expect.stringContaining('accepted'),
    expect.stringContaining('send the boat'),
  ])
  expect(answered.item).toMatchObject({
    state: 'open',
    reports: [{ to: 'county', answer: { stage: 'accepted' } }],
  })

  const yellow = await raise('assist-1', { kind: 'leak', colour: 'yellow' })
  await here.post(`/api/v1/cases/${yellow}/accept`, chief)
  expect(await ids()).not.toContain(yellow)
  await here.post(`/api/v1/cases/${yellow}/report`, chief, { to: 'county', text: 'needs a lift' })
  await until(async () => (await ids()).includes(yellow))
  // A drill stays here by rule, and is marked as one when a person reports it.
  const drill = await raise('drill-1', { isDrill: true })
  await here.post(`/api/v1/cases/${drill}/accept`, chief)
  expect(await ids()).not.toContain(drill)
})

test('over a line that is cut again and again nothing is lost, nothing doubled, and red comes before what waited longer', async () => {
  line.cut()
  const yellows: string[] = []
  for (let i = 0; i < 20; i++) {
    const id = await raise(`assist-${10 + i}`, { kind: 'leak', colour: 'yellow', device: `key-${i}` })
    await here.post(`/api/v1/cases/${id}/accept`, chief)
    await here.post(`/api/v1/cases/${id}/report`, chief, { to: 'county' })
    yellows.push(id)
  }
  const reds: string[] = []
  for (let i = 0; i < 5; i++) reds.push(await raise(`sos-${10 + i}`, { device: `button-${i}` }))
  const before = await recordsThere()
  line.cut(true)
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    line.cut(true)
  }
  const all = [...yellows, ...reds]
  await until(async () => {
    const there = new Set(await ids())
    return all.every((id) => there.has(id))
  })
  const there = await ids()
  expect(new Set(there).size).toBe(there.length)
  const records = await recordsThere()
  const places = records.map(({ lane, number }) => `${lane} ${number}`)
  expect(new Set(places).size).toBe(places.length)
  const fresh = records.slice(before.length)
  const storedAtMs = (of: string): number[] =>
    fresh.filter(({ lane }) => lane === of).map(({ receivedAtMs }) => receivedAtMs)
  expect(Math.max(...storedAtMs('red'))).toBeLessThanOrEqual(Math.min(...storedAtMs('yellow')))
  const raisedTwice = fresh.filter(({ record }) => record.type === 'alarm' && record.change !== 'updated')
  expect(raisedTwice.length).toBe(
    new Set(raisedTwice.map(({ record }) => record.type === 'alarm' && record.alarm.id)).size,
  )
})

test('a case that is handed over for the night is held by the county once it accepts, and taken back it is in the queue here', async () => {
  const id = await raise('gas-1', { kind: 'gas', colour: 'orange' })
  await here.post(`/api/v1/cases/${id}/hand-over`, chief, { to: 'county', text: 'night' })
  await until(async () => (await ids()).includes(id))
  const there = await caseOf(county, `${town}.${id}`, zhou)
  await county.post(`/api/v1/cases/${there.case.id}/accept`, zhou)
  await until(async () => (await caseOf(here, `${village}-1.gas-1`, chief)).case.holder === 'centre:county')
  expect((await caseOf(here, `${village}-1.gas-1`, chief)).case).toMatchObject({
    state: 'accepted',
    handedTo: 'county',
  })
  // The villager's button shows it as any other acceptance.
  await until(() =>
    box.stages.some(
      ({ alarm, stage, by }) => alarm === 'gas-1' && stage === 'accepted' && by === 'centre:county',
    ),
  )
  await here.post(`/api/v1/cases/${id}/take-back`, chief)
  const back = (await caseOf(here, `${village}-1.gas-1`, chief)).case
  expect(back.state).toBe('open')
  expect(back).not.toHaveProperty('holder')
})
