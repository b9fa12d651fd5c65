// Question: does the supervisor see who is on, what is late, what stands, chatters, floods or is held back, and put cases back into the queue;
// and does the wall show the same to a room and say at once when it is blind?
import { expect, test } from 'vitest'
import { browser, desk } from './shared-town.ts'
import { findBarriers, goTo, openDesk } from './town-desk.ts'

const complaints: string[] = []

test('shows the supervisor who is on and what floods, and cases go back with a reason', async () => {
  const wang = { zone: '王奶奶家 Granny Wang', device: '床头按钮 Bedside button' }
  const sos = await desk.raise(0, 'red', { zone: 'wang', place: wang })
  const operator = await openDesk(browser, desk, { user: 'wang' }, complaints)
  await goTo(operator, `#/alarm/${sos}`, '.alarm .accept')
  await operator.click('.alarm .accept')
  await operator.waitForSelector('.case-state[data-state=accepted]')
  for (let count = 0; count < 11; count++)
    await desk.raise(1, 'blue', { kind: 'device-battery-low', device: `d-${count}`, occurrences: 12 })
  await desk.raise(1, 'red', { isDrill: true, device: 'button-1' })

  const page = await openDesk(browser, desk, { user: 'zhao' }, complaints)
  await goTo(page, '#/watch', '[data-staff=wang]')
  expect(await page.textContent('[data-staff=wang]')).toContain('at the desk')
  expect(await page.textContent('[data-staff=wang]')).toContain('1 case')
  await page.waitForSelector('.watch-flood:has-text("Lower River: 11 alarms")')
  expect(await page.textContent('[data-part=chattering] .count')).toBe('11')
  expect(await page.textContent('[data-part=drills] .count')).toBe('1')
  await page.waitForSelector('[data-part=measures] .measures')
  expect(await page.textContent('[data-part=measures]')).toContain('floods')
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
    expect([theme, await findBarriers(page)]).toEqual([theme, []])
  }
  await page.click('[data-staff=wang] button')
  await page.keyboard.type('gone home')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-part=staff] [role=status]:has-text("1 case is back")')
  // The operator's own desk has the case back in the queue.
  await operator.waitForSelector('.history >> text=gone home')
  await operator.context().close()
  await page.context().close()
}, 180_000)

test('the wall counts its proofs, shows a new red by itself, and says in large letters when it is blind', async () => {
  // An auditor only reads: the account of a screen without a person.
  const page = await openDesk(browser, desk, { user: 'wall', width: 1920, height: 1080 }, complaints)
  await goTo(page, '#/wall', '.wall [data-proof]')
  const proof = async (): Promise<number> =>
    Number(/answer (\d+)/.exec((await page.textContent('[data-proof]')) ?? '')?.[1])
  const first = await proof()
  await expect.poll(proof, { timeout: 30_000 }).toBeGreaterThan(first)
  const red = await desk.raise(1, 'red', { id: 'wall-red', place: { zone: '<i>李家</i>', device: 'x' } })
  await page.waitForSelector(`.wall [data-alarm="${red}"]`)
  expect(await page.textContent(`.wall [data-alarm="${red}"]`)).toContain('<i>李家</i>')
  expect(await findBarriers(page)).toEqual([])
  // The alarm is on a wall: no person has seen it.
  const alarms = (await (
    await desk.town.get('/api/v1/alarms', desk.town.token('operator', 'ops'))
  ).json()) as { alarms: { id: string; stage: string }[] }
  expect(alarms.alarms.find(({ id }) => id === red)?.stage).toBe('centre')

  await page.context().setOffline(true)
  await page.waitForSelector('.wall-blind', { timeout: 60_000 })
  await page.context().setOffline(false)
  await page.waitForSelector('.wall-blind', { state: 'detached', timeout: 60_000 })
  await page.click('.wall-leave')
  await page.waitForSelector('.watch-page')
  expect(complaints).toEqual([])
  await page.context().close()
}, 240_000)
