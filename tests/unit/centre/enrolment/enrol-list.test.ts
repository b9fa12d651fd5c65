// Does a list of boxes by serial number become codes of all of them, or of none, and does each machine tell its own number?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCentre } from '../../../../centre/main.ts'
import { openSqliteStorage } from '../../../../centre/storage/sqlite/sqlite-storage.ts'
import { readSerial } from '../../../../gateway/config/enrolment/box-serial.ts'
import { parseEnrolmentUrl } from '../../../../protocols/enrolment/enrolment-code.ts'
import { parseBoxList } from '../../../../web/desk/fleet/box-list.ts'
import { readLink } from '../../../../web/enrol/enrol-link.ts'
import { enrolmentSettings } from '../../../contract/centre/centre-parts.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-list-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function enrol(list: string): Promise<string> {
  const file = join(folder, 'centre.yaml')
  const config = {
    dataDir: join(folder, 'data'),
    http: { host: '127.0.0.1', port: 0 },
    uplink: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
  }
  mkdirSync(config.dataDir, { recursive: true })
  writeFileSync(file, JSON.stringify({ ...config, enrolment: await enrolmentSettings(folder) }))
  writeFileSync(join(folder, 'boxes.csv'), list)
  const lines: string[] = []
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0),
  )
  await runCentre(['enrol', '--config', file, '--list', join(folder, 'boxes.csv')])
  for (const spy of spies) spy.mockRestore()
  return lines.join('')
}
async function rows() {
  const storage = await openSqliteStorage(join(folder, 'data', 'centre.db'), Date.now())
  const { rows: found } = await storage.enrolments({ limit: 10 })
  await storage.close()
  return found
}

test('each box of the list gets a code for its machine', async () => {
  const text = await enrol('\ufeffbox;name;serial\r\n320612104201-1;上溪;SN-1\r\n320612104202-1;;SN-2\r\n')
  const [head, first = '', second = ''] = text.trim().split('\n')
  expect(head).toBe('box,name,serial,code,url,validUntil')
  expect(first.startsWith('320612104201-1,上溪,SN-1,')).toBe(true)
  expect(parseEnrolmentUrl(second.split(',')[4] ?? '')).toMatchObject({ ok: true })
  expect((await rows()).map(({ box, serial }) => [box, serial])).toEqual([
    ['320612104202-1', 'SN-2'],
    ['320612104201-1', 'SN-1'],
  ])
  expect(process.exitCode ?? 0).toBe(0)
})

test('one wrong line, and no box of the list has a code', async () => {
  await enrol('box,name,serial\nfirst-box,,SN-0\n')
  for (const list of ['box,name\nup-1,a\nUP 2,b\n', 'box\nup-1\nup-1\n', 'box,serial\nup-1,a b\n', 'box\n']) {
    const text = await enrol(list)
    expect([process.exitCode, /line 3|line 2|lines/.test(text)]).toEqual([2, true])
    process.exitCode = 0
  }
  expect(await rows()).toHaveLength(1)
})

test('a machine tells the number of its label, or of its board', () => {
  expect(readSerial(folder)).toBe(undefined)
  mkdirSync(join(folder, 'sys/firmware/devicetree/base'), { recursive: true })
  writeFileSync(join(folder, 'sys/firmware/devicetree/base/serial-number'), '10000000abcdef\0')
  expect(readSerial(folder)).toBe('10000000abcdef')
  mkdirSync(join(folder, 'etc/gengfu'), { recursive: true })
  writeFileSync(join(folder, 'etc/gengfu/serial'), 'SN-7\n')
  expect(readSerial(folder)).toBe('SN-7')
})

test('the desk reads a list as a person writes it, and names the first line that is wrong', () => {
  expect(parseBoxList('up-1, 上溪, SN-1\n\nup-2；；SN-2\nup-3')).toEqual({
    boxes: [{ box: 'up-1', name: '上溪', serial: 'SN-1' }, { box: 'up-2', serial: 'SN-2' }, { box: 'up-3' }],
  })
  expect(parseBoxList('up-1\nUP')).toEqual({ line: 2 })
  expect(parseBoxList('up-1\nup-1')).toEqual({ line: 2 })
  expect(parseBoxList('up-1,a,b,c')).toEqual({ line: 1 })
})

test('the page reads its code behind the #, also after the redirect, and nothing else', () => {
  const code = '0000-0000-0000-0'
  const good = `https://town.example/e#${code}.${'a'.repeat(64)}`
  expect(readLink(good)).toMatchObject({ code, centre: 'https://town.example', url: good })
  expect(readLink(good.replace('/e#', '/e/#'))?.url).toBe(good)
  expect(readLink('https://town.example/e/')).toBe(undefined)
  expect(readLink(good.replace('0000-0', '0000-1'))).toBe(undefined)
})
