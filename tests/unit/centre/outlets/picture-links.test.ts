// Is a link of a receiver bound to one picture, random, single and over in time, and does no outlet fail for want of a picture?
import { expect, it } from 'vitest'
import { mailOf } from '../../../../centre/outlets/mail/mail-outlet.ts'
import type { MailSettings } from '../../../../centre/config/outlets/mail-settings.ts'
import {
  PictureLinks,
  withPictureLinks,
  type PictureLink,
} from '../../../../centre/outlets/pictures/picture-links.ts'
import { createDc09Outlet } from '../../../../platform/outlets/dc09/dc09-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import type { Outlet } from '../../../../platform/outlets/port.ts'
import type { Dc09Settings } from '../../../../platform/outlets/settings/dc09-settings.ts'
import { webhookRequest } from '../../../../platform/outlets/webhook/webhook-request.ts'
import type { DeskPicture } from '../../../../protocols/desk/api.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { settingsOf } from './outlet-kit.ts'

const { isTest: _test, ...base } = testMessage('g-1', 0, 'centre')
const red: OutletMessage = { ...base, isDrill: false, colour: 'red', alarm: 'box-a.sos-1' }
const never = new AbortController().signal
const pictureLink = { baseUrl: 'https://centre.example', minutes: 10 }

function linksOf(pictures: (alarm: string) => Promise<DeskPicture[]>) {
  const clock = new VirtualClock()
  const made: PictureLink[] = []
  const random = createSystemRandom()
  const links = new PictureLinks({
    picturesOfAlarm: pictures,
    clock,
    random,
    onMade: (link) => made.push({ ...link }),
  })
  return { clock, made, links }
}
const here = (sha256: string): DeskPicture =>
  ({ box: 'box-a', camera: 'cam-1', preview: { sha256, state: 'here' } }) as unknown as DeskPicture
const tokenOf = (url: string | undefined): string => url?.split('/').at(-1) ?? ''

it('binds a link to the picture of its time, and gives a message the same one at every attempt', async () => {
  let newest = 'a'.repeat(64)
  const { links, made, clock } = linksOf(() => Promise.resolve([here(newest)]))
  const url = await links.make('police', pictureLink, red)
  newest = 'b'.repeat(64)
  expect(await links.make('police', pictureLink, red)).toBe(url)
  expect(await links.make('office', pictureLink, red)).not.toBe(url)
  expect(made.map(({ outlet, picture }) => [outlet, picture?.sha256[0]])).toEqual([
    ['police', 'a'],
    ['office', 'b'],
  ])
  const link = links.take(tokenOf(url))
  expect(link).toMatchObject({ picture: { sha256: 'a'.repeat(64) }, alarm: 'box-a.sos-1' })
  expect(links.take(tokenOf(url))).toBe('link-used')
  if (typeof link !== 'string') links.putBack(link)
  clock.advance(10 * 60_000)
  expect(links.take(tokenOf(url))).toBe('link-expired')
  expect(links.take('guess')).toBe('no-link')
})

it('makes the link before there is a picture, and binds it to the first one that it finds', async () => {
  let pictures: DeskPicture[] = []
  const { links } = linksOf(() => Promise.resolve(pictures))
  const url = await links.make('police', pictureLink, red)
  const opened = links.take(tokenOf(url))
  if (typeof opened === 'string') throw new Error(opened)
  expect(await links.pictureOf(opened)).toBeUndefined()
  links.putBack(opened)
  pictures = [here('a'.repeat(64))]
  const again = links.take(tokenOf(url))
  if (typeof again === 'string') throw new Error(again)
  expect(await links.pictureOf(again)).toMatchObject({ sha256: 'a'.repeat(64) })
  pictures = [here('b'.repeat(64)), ...pictures]
  expect(await links.pictureOf(again)).toMatchObject({ sha256: 'a'.repeat(64) })
})

it('links also when no picture can be looked up, but not in a test; a preview makes no link', async () => {
  const got: (string | undefined)[] = []
  const outlet: Outlet = {
    preview: ([message]) => message?.pictureUrl ?? '',
    send: ([message]) => {
      got.push(message?.pictureUrl)
      return Promise.resolve({ state: 'handed-over', words: 'OK' })
    },
  }
  const settings = { name: 'police', pictureLink }
  const none = linksOf(() => Promise.resolve([]))
  const broken = linksOf(() => Promise.reject(new Error('the disk is gone')))
  for (const { links } of [none, broken]) await withPictureLinks(outlet, settings, links).send([red], never)
  const { links, made } = linksOf(() => Promise.resolve([here('a'.repeat(64))]))
  const linked = withPictureLinks(outlet, settings, links)
  await linked.send([testMessage('g-2', 0, 'x')], never)
  expect(got.map((url) => url === undefined)).toEqual([false, false, true])
  expect(await linked.preview([red])).toBe('https://centre.example/api/v1/picture-links/...')
  expect(made).toEqual([])
  await linked.send([red], never)
  expect(got[3]).toMatch(/[0-9a-f]{64}$/)
  // Off by default.
  expect(withPictureLinks(outlet, { name: 'police' }, links)).toBe(outlet)
})

it('stands in DC-09, in the text of a robot and in an e-mail', async () => {
  const linked = { ...red, pictureUrl: 'https://centre.example/api/v1/picture-links/aa' }
  const dc09 = settingsOf({
    type: 'sia-dc09',
    account: '1234',
    receivers: [{ host: '127.0.0.1', port: 9 }],
  }) as Dc09Settings
  const outlet = createDc09Outlet({ settings: dc09, clock: new VirtualClock() })
  expect(await outlet.preview([linked])).toContain(`[V${linked.pictureUrl}]`)
  expect(await outlet.preview([{ ...linked, pictureUrl: 'https://a/]x' }])).not.toContain('[V')
  const { body } = webhookRequest('wecom', linked, 'x'.repeat(2000), 0, { url: 'https://a/' })
  expect(body).toContain(` ${linked.pictureUrl}"`)
  const mail = { from: 'a@b.c', to: ['d@e.f'], language: 'en' } as MailSettings
  expect(mailOf([linked], { settings: mail, textOf: () => 'text' }).text).toContain(linked.pictureUrl)
})
