// Question: does the operator find an old alarm and its case by household, device, place, text and day, with the keyboard, and read them as
// they were?
import { expect, test } from 'vitest'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import { browser, desk } from './shared-town.ts'
import { findBarriers, goTo, openDesk } from './town-desk.ts'

const complaints: string[] = []
const wang = { zone: '王奶奶家', household: '12', device: '床头按钮', utcOffsetMin: 480 }
const hall = { zone: '祠堂', device: '祠堂门磁' }

test('finds by text, place, kind and day; a result and its case read as they were; the search is there again', async () => {
  const sos = await desk.raise(0, 'red', { id: 'sos', zone: 'wang', place: wang })
  const door = await desk.raise(1, 'orange', { id: 'door', kind: 'intrusion', device: 'door-1', place: hall })
  const page = await openDesk(
    browser,
    desk,
    { user: 'zhao', language: 'zh', timeZone: 'America/New_York' },
    complaints,
  )
  await goTo(page, `#/alarm/${sos}`, '.alarm .accept')
  await page.click('.alarm .accept')
  await page.waitForSelector('.case-state[data-state=accepted]')
  await page.fill('[name=note]', '已电话确认')
  await page.press('[name=note]', 'Enter')
  await page.waitForSelector('.history >> text=已电话确认')
  await desk.end(0, 'red', 'sos', { zone: 'wang', place: wang })
  await page.waitForSelector('.old-alarm')

  const found = (): Promise<(string | null)[]> =>
    page.locator('[data-found]').evaluateAll((lines) => lines.map((line) => line.getAttribute('data-found')))
  const search = async (fields: Record<string, string>): Promise<(string | null)[]> => {
    await page.click('.search-form .quiet')
    for (const [name, value] of Object.entries(fields))
      await (['kind', 'what', 'colour'].includes(name)
        ? page.selectOption(`[name=${name}]`, value)
        : page.fill(`.search-form [name=${name}]`, value))
    // The answer of the search before has been cleared.
    await page.waitForSelector('.search-page [role=status]', { state: 'detached' })
    await page.press('[name=q]', 'Enter')
    await page.waitForSelector('.search-page [role=status]')
    return found()
  }
  await goTo(page, '#/search', '.search-form')
  expect(await search({ q: '王奶奶' })).toEqual([sos])
  expect(await search({ q: '祠堂 门磁' })).toEqual([door])
  expect(await search({ village: '下河村 Lower River' })).toEqual([door])
  expect(await search({ kind: 'sos' })).toEqual([sos])
  expect(await search({ colour: 'orange' })).toEqual([door])
  expect(await search({ from: '2020-01-01', to: '2020-01-02' })).toEqual([])
  expect(await search({ q: '<b>nothing</b>' })).toEqual([])
  await page.fill('[name=from]', '2026-12-02')
  await page.fill('[name=to]', '2026-12-01')
  await page.press('[name=q]', 'Enter')
  await page.waitForSelector('.note:has-text("晚于")')

  expect(await search({ q: '王奶奶', what: 'cases' })).toEqual(['case-1'])
  await page.click('[data-found] a')
  await page.waitForSelector('.history >> text=已电话确认')
  // In the village's time, although the browser is elsewhere and the alarm is over.
  const { history } = await page.evaluate<CaseAnswer>(
    "fetch('api/v1/cases/case-1').then((answer) => answer.json())",
  )
  const there = new Date((history?.[0]?.atMs ?? 0) + 8 * 3_600_000).toISOString()
  expect(await page.textContent('.history li:last-child time')).toContain(there.slice(11, 19))
  await page.click('.case-alarms a')
  await page.waitForSelector('.old-alarm')
  expect(await page.textContent('.old-alarm')).toContain('王奶奶家')
  await goTo(page, '#/search', '[data-found=case-1]')
  expect(await page.inputValue('[name=q]')).toBe('王奶奶')

  await desk.end(1, 'orange', 'door', { kind: 'intrusion', device: 'door-1', place: hall })
  await search({})
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
    expect([theme, await findBarriers(page)]).toEqual([theme, []])
  }
  // Another person at the same desk finds an empty form.
  await page.click('.sign-out')
  await page.waitForSelector('#user')
  await page.fill('#user', 'wang')
  await page.fill('#password', 'open sesame, please')
  await page.press('#password', 'Enter')
  await page.waitForSelector('.search-form')
  expect(await page.inputValue('[name=q]')).toBe('')
  expect(complaints).toEqual([])
  await page.context().close()
}, 180_000)
