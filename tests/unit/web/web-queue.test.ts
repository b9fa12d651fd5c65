// Question: what does the queue call an alarm, where does it put it, what does it sound, and how long does a session
// last?
import { expect, test } from 'vitest'
import { canSoundSiren, sirenUntilMs } from '../../../web/desk/boxes/siren.ts'
import { findBoxes, silentGroup, stripBoxes } from '../../../web/desk/boxes/village-strip.ts'
import { againText, ordinal } from '../../../web/desk/queue/again-text.ts'
import { AlarmBoard } from '../../../web/desk/queue/alarm-board.ts'
import { headingOf, phoneLink, villageTime } from '../../../web/desk/queue/alarm-words.ts'
import { foldStorms, linesOf, silentTogetherMin } from '../../../web/desk/queue/queue-lines.ts'
import { hashOf, routeOf } from '../../../web/desk/shell/routes.ts'
import { SessionWatch, stayEveryMs, warnBeforeMs } from '../../../web/desk/shell/session-watch.ts'
import { loudest, tunes } from '../../../web/desk/sound/volume-and-pitch.ts'
import { blindAfterMs, makesSound, wantedSounds } from '../../../web/desk/sound/wanted-sounds.ts'
import { deskOffsetMin } from '../../../web/shared/durations.ts'
import { nextTheme, readTheme, shownTheme } from '../../../web/shared/theme-choice.ts'
import type { DeskCommand } from '../../../protocols/desk/commands.ts'
import { makeAlarm, type AlarmOverrides } from '../../browser/desk-alarms.ts'

const wang = { zone: 'Granny Wang', household: '12' }
const boxAlarm = (id: string, overrides: AlarmOverrides): AlarmOverrides => ({
  box: id,
  boxName: id,
  device: id,
  ...overrides,
})

test('calls an alarm by person and house, then by what has a name, and a box by its village', () => {
  expect(headingOf(makeAlarm('red', 'sos', 0, { place: wang })).en).toBe('Granny Wang, No. 12')
  expect(headingOf(makeAlarm('red', 'sos', 0, { place: wang })).zh).toBe('Granny Wang，12 号')
  const named = { zone: 'Granny Wang, No. 12', household: '12' }
  expect(headingOf(makeAlarm('red', 'sos', 0, { place: named })).en).toBe('Granny Wang, No. 12')
  expect(headingOf(makeAlarm('red', 'sos', 0, { place: { device: 'Mill button' } })).en).toBe('Mill button')
  expect(headingOf(makeAlarm('red', 'sos', 0, { device: 'button-9' })).en).toBe('button-9')
  expect(headingOf(makeAlarm('yellow', 'storm', 0, boxAlarm('mill', {}))).en).toBe('mill')
})

test('dials digits only, and nothing that is no telephone', () => {
  expect(phoneLink('+86 (138) 0000-0000')).toBe('tel:+8613800000000')
  for (const text of [undefined, '', 'javascript:alert(1)', '1']) expect(phoneLink(text)).toBeUndefined()
})

test("shows times in the village's zone, and its own beside them only where they differ", () => {
  const atMs = Date.UTC(2026, 0, 1, 6, 3, 22)
  const there = { place: { utcOffsetMin: 480 } }
  expect(villageTime(atMs, atMs, there).there).toBe('14:03:22')
  expect(villageTime(atMs, atMs, { place: { utcOffsetMin: deskOffsetMin(atMs) } }).here).toBeUndefined()
  const elsewhere = { place: { utcOffsetMin: deskOffsetMin(atMs) + 60 } }
  expect(villageTime(atMs, atMs, elsewhere).here).toMatch(/^\d\d:03:22$/)
  expect(villageTime(Number.NaN, 0, there).there).toBe('00:00:00')
})

test('says when it came again and how often, by the latest press', () => {
  const again = makeAlarm('red', 'sos', 0, { occurrences: 5, againReceivedAtMs: 10_000 })
  expect(againText(again, 12_000, 'en')).toBe('pressed again 2 s ago, 5th')
  expect(againText(again, 12_000, 'zh')).toBe('2 秒前再次按下，第 5 次')
  expect(againText(makeAlarm('red', 'sos', 0), 0, 'en')).toBeUndefined()
  expect([1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).join(' ')).toBe(
    '1st 2nd 3rd 4th 11th 12th 13th 21st 112th',
  )
})

test('keeps mine in sight, drills apart, folded alarms under their storm, and a lost race where it was pressed', () => {
  const board = new AlarmBoard()
  const taken = { stage: 'accepted' as const, state: 'acknowledged' as const }
  const mine = makeAlarm('red', 'sos', 0, { ...taken, acceptedBy: 'li' })
  const theirs = makeAlarm('red', 'gas', 0, { ...taken, acceptedBy: 'wang' })
  const drill = makeAlarm('red', 'fire', 0, { isDrill: true })
  const storm = makeAlarm('yellow', 'storm', 0, boxAlarm('mill', {}))
  const folded = makeAlarm('yellow', 'mains-lost', 0, { box: 'mill', state: 'suppressed' })
  const shelved = makeAlarm('yellow', 'tamper', 0, { box: 'mill', state: 'shelved' })
  const elsewhere = makeAlarm('yellow', 'tamper', 0, { box: 'shop', state: 'suppressed' })
  board.replace([mine, theirs, drill, storm, folded, shelved, elsewhere])
  const view = board.view({ me: 'li' })
  const ids = (alarms: readonly { id: string }[]): string[] => alarms.map(({ id }) => id)
  expect([ids(view.mine), ids(view.answered), ids(view.drills), ids(view.waiting)]).toEqual([
    [mine.id],
    [theirs.id],
    [drill.id],
    [storm.id],
  ])
  const { byStorm, others } = foldStorms(view)
  expect(ids(byStorm.get(storm.id) ?? [])).toEqual([folded.id])
  expect(ids(others).sort()).toEqual([elsewhere.id, shelved.id].sort())
  const lost = board.view({ me: 'li', lingering: new Set([theirs.id]) })
  expect(ids(lost.waiting)).toEqual([theirs.id, storm.id])
})

test('makes many silent boxes one line, and never a red', () => {
  const silent = Array.from({ length: silentTogetherMin }, (_, index) =>
    makeAlarm('orange', 'box-silent', index * 1000),
  )
  const reds = Array.from({ length: 9 }, () => makeAlarm('red', 'sos', 0))
  const board = new AlarmBoard()
  board.replace([...silent, ...reds])
  const lines = linesOf(board.view().waiting, { byStorm: new Map() })
  expect(lines.map(({ type }) => type)).toEqual([...reds.map(() => 'alarm'), 'silent'])
  expect(lines.at(-1)).toMatchObject({ sinceMs: 0 })
  board.replace(silent.slice(1))
  expect(linesOf(board.view().waiting, { byStorm: new Map() })).toHaveLength(silentTogetherMin - 1)
})

test('counts silent boxes since half of them are, and finds boxes by every word', () => {
  const box = (id: string, lastHeardAtMs: number) => ({
    id,
    name: `Village ${id}`,
    presence: 'silent' as const,
    lanes: {},
    lastHeardAtMs,
  })
  const boxes = ['a1', 'a2', 'b1', 'b2', 'b3'].map((id, index) => box(id, index === 0 ? 5 : 8000 + index))
  const openAlarms = { red: 0, orange: 0, yellow: 0, blue: 0 }
  const listed = stripBoxes([{ id: 'v', boxes, openAlarms }], [])
  expect(silentGroup(listed)).toEqual({ count: 5, sinceMs: 8002 })
  expect(silentGroup(listed.slice(1))).toBeUndefined()
  expect(findBoxes(listed, 'VILLAGE b').map(({ id }) => id)).toEqual(['b1', 'b2', 'b3'])
  expect(findBoxes(listed, ' ')).toHaveLength(5)
})

test('sounds red before blind before an overdue orange, each until it is made quiet; never for a drill', () => {
  const board = new AlarmBoard()
  const orange = makeAlarm('orange', 'water', 0)
  const drill = makeAlarm('red', 'sos', 0, { isDrill: true })
  board.replace([orange, drill])
  const facts = {
    waiting: board.view().waiting,
    quiet: new Set<string>(),
    centreNowMs: 1000,
    blindForMs: undefined as number | undefined,
    isBlindQuiet: false,
    isLockedOut: false,
  }
  expect([...wantedSounds(facts)]).toEqual([])
  expect([...wantedSounds({ ...facts, centreNowMs: 86_400_000 })]).toEqual(['overdue'])
  expect(board.view().waiting.map((alarm) => makesSound(alarm, 86_400_000))).toEqual(['overdue'])
  expect([...wantedSounds({ ...facts, centreNowMs: 86_400_000, quiet: new Set([orange.id]) })]).toEqual([])
  expect([...wantedSounds({ ...facts, blindForMs: blindAfterMs - 1 })]).toEqual([])
  expect([...wantedSounds({ ...facts, blindForMs: blindAfterMs })]).toEqual(['blind'])
  expect([...wantedSounds({ ...facts, blindForMs: blindAfterMs, isBlindQuiet: true })]).toEqual([])
  expect([...wantedSounds({ ...facts, isLockedOut: true })]).toEqual(['blind'])
  expect(loudest(new Set(['overdue', 'blind', 'red']))).toBe('red')
  expect(loudest(new Set(['overdue', 'blind']))).toBe('blind')
  expect(loudest(new Set())).toBeUndefined()
  expect(new Set(Object.values(tunes).map(({ tones }) => JSON.stringify(tones))).size).toBe(3)
})

test('warns before a session ends, stays by itself while a red waits, and not more often than it must', async () => {
  let nowMs = 0
  let stays = 0
  const stay = async () => {
    stays += 1
    if (stays === 1) throw new Error('unreachable')
    return { user: 'li', role: 'operator' as const, expiresAtMs: nowMs + 43_200_000, centreTimeMs: nowMs }
  }
  const watch = new SessionWatch({ stay, centreNowMs: () => nowMs })
  watch.note({ expiresAtMs: warnBeforeMs + 1000, centreTimeMs: 0 })
  expect(watch.endsInMs.value).toBeUndefined()
  nowMs = 1000
  watch.look(false)
  expect(watch.endsInMs.value).toBe(warnBeforeMs)
  watch.look(true)
  watch.look(true)
  expect([watch.endsInMs.value, stays]).toEqual([undefined, 1])
  nowMs += stayEveryMs
  watch.look(true)
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  expect(stays).toBe(2)
  watch.look(false)
  expect(watch.endsInMs.value).toBeUndefined()
})

test('offers a siren where there is one, and knows until when it sounds', () => {
  const alarm = makeAlarm('red', 'fire', 0)
  expect(canSoundSiren(alarm)).toBe(true)
  expect(canSoundSiren({ ...alarm, place: { sirens: [] } })).toBe(false)
  const times = { askedAtMs: 0, changedAtMs: 1000, expiresAtMs: 120_000 }
  const command = (part: Partial<DeskCommand>): DeskCommand => ({
    id: 'k',
    box: 'b',
    do: 'siren',
    by: 'li',
    state: 'done',
    seconds: 60,
    ...times,
    ...part,
  })
  expect(sirenUntilMs([command({})], 5000)).toBe(61_000)
  expect(sirenUntilMs([command({})], 61_000)).toBeUndefined()
  expect(sirenUntilMs([command({ seconds: 0 }), command({})], 5000)).toBeUndefined()
  expect(sirenUntilMs([command({ state: 'refused' })], 5000)).toBeUndefined()
})

test('finds a page by its address, and the queue behind every address that is none', () => {
  for (const route of [{ page: 'villages' as const }, { page: 'alarm' as const, id: 'box-1.a/ü' }])
    expect(routeOf(hashOf(route))).toEqual(route)
  for (const hash of ['', '#', '#/nothing', '#/alarm', '#/alarm/%E0%A4%A', '#waiting'])
    expect(routeOf(hash)).toEqual({ page: 'queue' })
})

test('is light or dark as chosen, else as the machine is', () => {
  expect([readTheme('dark'), readTheme('pink'), readTheme(null)]).toEqual(['dark', 'auto', 'auto'])
  expect([shownTheme('auto', true), shownTheme('light', true)]).toEqual(['dark', 'light'])
  expect([nextTheme('auto'), nextTheme('light'), nextTheme('dark')]).toEqual(['light', 'dark', 'auto'])
})
