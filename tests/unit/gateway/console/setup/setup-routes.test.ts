// The first start: each step is stored when it is done, wrong input is named, and a centre that does not answer keeps no person from going on.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SetupAnswer } from '../../../../../protocols/console/installing.ts'
import {
  networkFacts,
  readGateway,
  readNameServers,
} from '../../../../../gateway/console/setup/network-facts.ts'
import { linkOf } from '../../../../../gateway/console/setup/setup-routes.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit()
})
afterEach(() => kit.stop())

const post = (name: string, body: object) => kit.ask(onBox, 'POST', `/api/v1/setup/${name}`, { body })
const setup = async (): Promise<SetupAnswer> =>
  (await kit.ask(onBox, 'GET', '/api/v1/setup')).body as unknown as SetupAnswer

it('goes on after a restart where it was', async () => {
  expect((await setup()).done).toEqual([])
  await post('language', { language: 'zh' })
  kit.reopen()
  expect(await setup()).toMatchObject({
    language: 'zh',
    done: ['language'],
    village: { isFromCentre: false },
  })
  expect((await post('village', { code: '320612104201', name: '上溪' })).status).toBe(200)
  expect(kit.restarts).toEqual(['village'])
  kit.reopen()
  expect(await setup()).toMatchObject({
    done: ['language', 'village'],
    village: { code: '320612104201', number: 1, name: '上溪', province: { en: 'Jiangsu' } },
  })
  // The same step once more changes nothing and starts nothing anew.
  await post('village', { code: '320612104201', name: '上溪' })
  await post('time', { timeZone: 'Asia/Shanghai' })
  expect(kit.restarts).toEqual(['village'])
  await post('time', { timeZone: 'Asia/Urumqi' })
  await post('step', { step: 'uplink' })
  await post('step', { step: 'finish' })
  kit.reopen()
  expect(await setup()).toMatchObject({
    timeZone: 'Asia/Urumqi',
    isFinished: true,
    done: ['language', 'village', 'uplink', 'time', 'devices'],
  })
})

it('names what is wrong, and changes nothing then', async () => {
  for (const [name, body, path] of [
    ['village', { code: '990612104201', name: 'x' }, 'code'],
    ['village', { code: '320612104201', name: ' ' }, 'name'],
    ['time', { timeZone: 'Mars/Base' }, 'timeZone'],
    ['uplink', { code: 'ABCD' }, 'code'],
    ['uplink', { code: '0000-0000-0000-0' }, 'centre'],
    ['language', { language: 'fr' }, 'language'],
    ['step', { step: 'all' }, 'step'],
  ] as const)
    expect(await post(name, body)).toMatchObject({ status: 400, body: { problems: [{ path }] } })
  expect(kit.restarts).toEqual([])
  expect((await setup()).done).toEqual([])
})

it('leaves the box as it was when the centre does not answer', async () => {
  const refused = await post('uplink', { code: '0000-0000-0000-0', centre: 'http://127.0.0.1:1' })
  expect(refused.status).toBe(409)
  expect((await setup()).uplink).toMatchObject({ isEnrolled: false })
  expect(kit.restarts).toEqual([])
})

it('reads the address of a QR code, or a code with the address of the centre in any form', () => {
  const hash = 'a'.repeat(64)
  expect(linkOf(`https://town.example/e#0000-0000-0000-0.${hash}`, undefined)).toMatchObject({
    ok: true,
    value: { centre: 'https://town.example', authority: hash },
  })
  for (const centre of ['town.example', ' https://town.example/ ', 'https://town.example'])
    expect(linkOf('0000 0000 0000 0', centre)).toMatchObject({
      ok: true,
      value: { centre: 'https://town.example' },
    })
})

it('reads router and name servers as the system has them', () => {
  const route =
    'Iface\tDestination\tGateway\tFlags\neth0\t0002A8C0\t00000000\t1\neth0\t00000000\t0102A8C0\t3\n'
  expect(readGateway(route)).toBe('192.168.2.1')
  expect(readGateway('Iface\n')).toBeUndefined()
  expect(readNameServers('# x\nnameserver 192.168.2.1\noptions edns0\nnameserver fd00::1\n')).toEqual([
    '192.168.2.1',
    'fd00::1',
  ])
  expect(networkFacts(8080).urls[0]).toBe('http://gengfu.local:8080/')
})
