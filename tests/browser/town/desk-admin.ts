// Question: does an administrator find users, rules, zones, plans and outlets, make and revoke a token, and write guidance, a required action
// and a plan that the next case has?
import { expect, test } from 'vitest'
import { browser, desk } from './shared-town.ts'
import { findBarriers, goTo, openDesk, upper } from './town-desk.ts'

const complaints: string[] = []

test('reads users, rules and places, and makes and revokes a token', async () => {
  const page = await openDesk(browser, desk, { user: 'root' }, complaints)
  await goTo(page, '#/admin', '[data-part=rules] [data-step=accept]')
  expect(await page.textContent('[data-step=accept]')).toContain('1 min')
  const open = async (name: string): Promise<void> => {
    await page.click(`[data-section=${name}]`)
    await page.waitForSelector(`[data-part=${name}]`)
  }
  await open('users')
  await page.waitForSelector('[data-user=wang]')
  expect(await page.textContent('[data-user=wall]')).toContain('auditor')
  await open('places')
  await page.waitForSelector(`[data-place="${upper}"] a`)
  expect(await page.textContent(`[data-place="${upper}"]`)).toContain('Granny Wang')
  await open('outlets')
  await page.waitForSelector('[data-part=outlets] .hint:has-text("No outlet")')
  await open('tokens')
  await page.fill('[name=token-name]', 'board')
  await page.fill('[name=token-scope]', upper)
  await page.press('[name=token-name]', 'Enter')
  const token = (await page.textContent('.token-once code')) ?? ''
  expect((await desk.town.get('/api/v1/me', token)).status).toBe(200)
  for (const name of ['rules', 'users', 'places', 'outlets', 'tokens']) {
    await open(name)
    expect([name, await findBarriers(page)]).toEqual([name, []])
  }
  await page.click('[data-token=board] button')
  await page.click('[data-token=board] button.primary')
  await page.waitForSelector('[data-token=board]', { state: 'detached' })
  expect((await desk.town.get('/api/v1/me', token)).status).toBe(401)
  await page.context().close()
}, 180_000)

test('writes guidance, an action and a plan that the next case has, and loses nothing that another person wrote', async () => {
  const page = await openDesk(browser, desk, { user: 'zhao', language: 'zh', theme: 'dark' }, complaints)
  await goTo(page, '#/admin', '.admin-sections')
  await page.click('[data-section=lists]')
  await page.click('.add-list')
  await page.selectOption('.list-entry [name=kind]', 'sos')
  await page.selectOption('.list-entry [name=scope]', 'village')
  await page.fill('[name=place]', upper)
  await page.fill('[name=guidance-zh]', '先给女儿打电话')
  await page.click('.list-entry .primary')
  await page.waitForSelector('.list-entry .note:has-text("中文和英文")')
  await page.fill('[name=guidance-en]', 'Call the daughter first')
  await page.click('.add-action')
  await page.fill('[name=action-zh]', '回拨')
  await page.fill('[name=action-en]', 'Call back')
  await page.click('.add-plan')
  await page.fill('[name=plan-zh]', '送医')
  await page.fill('[name=plan-en]', 'To the hospital')
  await page.fill('[name=step-to]', '镇医院')
  await page.fill('[name=step-zh]', '叫车')
  await page.fill('[name=step-en]', 'Call a car')
  expect(await findBarriers(page)).toEqual([])

  // Meanwhile another person writes a version.
  const other = desk.town.token('supervisor', 'other')
  const lists = [{ kind: '*', scope: 'kind', place: '', guidance: { zh: '一', en: 'one' } }]
  expect((await desk.town.post('/api/v1/action-lists', other, { lists })).status).toBe(200)
  await page.click('.list-entry .primary')
  await page.waitForSelector('[data-part=lists] > .note:has-text("他人刚刚改过")')
  await page.click('.list-entry .primary')
  await page.waitForSelector('[data-part=lists] [role=status]:has-text("已保存")')
  expect(await page.locator('[data-list]').count()).toBe(2)

  const sos = await desk.raise(0, 'red', { zone: 'wang', place: { zone: '王奶奶家' } })
  await goTo(page, `#/alarm/${sos}`, '.case')
  await page.waitForSelector('.case >> text=先给女儿打电话')
  await page.waitForSelector('.case >> text=回拨')
  await page.waitForSelector('.case >> text=送医')
  expect(complaints).toEqual([])
  await page.context().close()
}, 180_000)
