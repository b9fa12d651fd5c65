// Does a red case leave a running centre by its rule and by a click, with its state on the case, and is a failing receiver an alarm?
import { readdirSync, readFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkCentreConfig } from '../../../centre/config/load-config.ts'
import type { AlarmsAnswer } from '../../../protocols/desk/api.ts'
import type { CaseOutletsAnswer, OutletsAnswer } from '../../../protocols/desk/outlets.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { Telephone } from '../../kits/sip/baresip.ts'
import { startLinphone } from '../../kits/sip/linphone.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

const village = '320612104201'
let folder: string
let here: CentreUnderTest
let box: TestBox
let token: string
let phone: Telephone
const out = (): string => join(folder, 'out')
const lost = (): string => join(folder, 'lost')

beforeAll(async () => {
  folder = makeFolder()
  mkdirSync(out())
  // A file stands where the folder should be.
  writeFileSync(lost(), '')
  phone = await startLinphone()
  const outlets = [
    { name: 'police', label: '110', type: 'file', folder: out(), rules: [{ colours: ['red'] }] },
    { name: 'county', type: 'file', folder: lost(), giveUpMinutes: 1, alarmAfterSeconds: 5 },
    {
      name: 'phone',
      type: 'voice',
      host: '127.0.0.1',
      port: phone.port,
      user: 'gengfu',
      numbers: ['13800000000'],
      repeats: 5,
    },
  ]
  here = await startCentre(folder, { config: { outlets } })
  box = await new TestBox(here.centre.uplinkUrls[0] ?? '', `${village}-1`).ready()
  token = here.token('supervisor', 'chief')
  await box.report('red', 1, [makeAlarm(1, 'raised', { place: { household: '张三家' } })])
})
afterAll(async () => {
  await box.end()
  await here.centre.stop()
  await phone.stop()
  dropFolder(folder)
})

const sentOf = async (): Promise<CaseOutletsAnswer> =>
  (await (await here.get('/api/v1/cases/case-1/outlets', token)).json()) as CaseOutletsAnswer

test('hands a red case over by its rule, and shows the receiver on the case', async () => {
  const [one] = await until(async () => {
    const { deliveries } = await sentOf()
    return deliveries[0]?.state === 'handed-over' && deliveries
  })
  expect(one).toMatchObject({ outlet: 'police', label: '110', step: 'raised', attempts: 1 })
  const [file = ''] = readdirSync(out())
  expect(file).toBe(`${one?.id}.json`)
  const written = JSON.parse(readFileSync(join(out(), file), 'utf8')) as Record<string, unknown>
  expect(written).toMatchObject({ id: one?.id, case: 'case-1', colour: 'red', kind: 'sos', village })
  expect(written['words']).toMatch(/^红色 紧急求助，报警：.*张三家/)
  const audit = await (await here.get('/api/v1/audit', token)).text()
  expect(audit).toContain('outlet-handed-over')
})

test('raises the alarm while a receiver fails, and ends it when it works again', async () => {
  const alarms = async (): Promise<AlarmsAnswer> =>
    (await (await here.get('/api/v1/alarms', token)).json()) as AlarmsAnswer
  const failed = await here.post('/api/v1/outlets/county/test', token, {})
  expect(await failed.json()).toMatchObject({ state: 'failed' })
  const raised = await until(async () => (await alarms()).alarms.find(({ kind }) => kind === 'outlet-failed'))
  expect(raised).toMatchObject({ colour: 'orange', variant: 'county', box: '-centre' })
  expect(raised.text.en).toContain('county')
  const { outlets } = (await (await here.get('/api/v1/outlets', token)).json()) as OutletsAnswer
  expect(outlets.map(({ name, trouble }) => [name, trouble !== undefined])).toEqual([
    ['police', false],
    ['county', true],
    ['phone', false],
  ])
  rmSync(lost())
  mkdirSync(lost())
  await here.post('/api/v1/outlets/county/test', token, {})
  await until(async () => !(await alarms()).alarms.some(({ kind }) => kind === 'outlet-failed'))
})

test('sends a case by a click, and takes the word of a person who has asked the receiver', async () => {
  const body = { outlet: 'county', text: '请支援' }
  expect((await here.post('/api/v1/cases/case-1/outlets', token, body)).status).toBe(200)
  const sent = await until(async () => {
    const [first] = (await sentOf()).deliveries
    return first?.state === 'handed-over' && first
  })
  expect(sent).toMatchObject({ outlet: 'county', by: 'token:chief' })
  const confirm = { delivery: sent.id, text: '县里已派车' }
  await here.post('/api/v1/cases/case-1/outlets/confirm', token, confirm)
  expect((await sentOf()).deliveries[0]).toMatchObject({ state: 'confirmed', words: '县里已派车' })
})

test('calls a telephone about the case, and its key accepts the case in the name of that telephone', async () => {
  const caseNow = async (): Promise<CaseAnswer> =>
    (await (await here.get('/api/v1/cases/case-1', token)).json()) as CaseAnswer
  expect((await caseNow()).case.state).toBe('open')
  await here.post('/api/v1/cases/case-1/outlets', token, { outlet: 'phone' })
  await until(() => phone.heard().some((sample) => Math.abs(sample) > 1000))
  phone.press('4')
  const found = await until(async () => {
    const answer = await caseNow()
    return answer.case.state === 'accepted' && answer
  })
  expect(JSON.stringify(found)).toContain('138****0000')
  expect((await sentOf()).deliveries[0]).toMatchObject({
    outlet: 'phone',
    state: 'confirmed',
    words: expect.stringMatching(/^138\*\*\*\*0000 200 .*key 4$/) as string,
  })
}, 90_000)

test('shows the bytes of a test without sending, and sends it when asked', async () => {
  const before = readdirSync(out()).length
  const dry = await here.post('/api/v1/outlets/police/test', token, { isDry: true })
  expect(((await dry.json()) as { bytes: string }).bytes).toContain('【测试】')
  expect(readdirSync(out()).length).toBe(before)
  const sent = await here.post('/api/v1/outlets/police/test', token, {})
  expect(await sent.json()).toMatchObject({ state: 'handed-over' })
  expect(readdirSync(out()).length).toBe(before + 1)
})

test('check-config names a folder that is missing and a name that stands twice', () => {
  const file = join(folder, 'centre.yaml')
  const one = `{name: a, type: file, folder: nowhere}`
  writeFileSync(file, `dataDir: data\noutlets: [${one}]\n`)
  const { problems } = checkCentreConfig(file)
  expect(problems).toMatchObject([{ path: 'outlets.0.folder' }])
  expect(problems[0]?.message).toContain(join(folder, 'nowhere'))
  writeFileSync(file, `dataDir: data\noutlets: [${one}, ${one}]\n`)
  expect(checkCentreConfig(file).problems).toMatchObject([{ path: 'outlets.1.name' }])
})
