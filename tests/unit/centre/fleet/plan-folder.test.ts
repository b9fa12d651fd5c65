// Plans and handover sheets as the centre keeps them: over a restart, and whatever a box sends.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PlanFolder } from '../../../../centre/fleet/plan-folder.ts'
import { readHandover } from '../../../../centre/fleet/read-handover.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-plans-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 1])
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const village = '320612104201'

it('keeps one plan per village and source over a restart, of whatever type it is now', () => {
  const plans = new PlanFolder(folder)
  expect(plans.put(village, 'box', png)).toBe(true)
  expect(plans.put(village, 'desk', png)).toBe(true)
  expect(plans.put(village, 'desk', jpeg)).toBe(true)
  expect(readdirSync(folder).toSorted()).toEqual([`${village}.box.png`, `${village}.desk.jpg`])
  writeFileSync(join(folder, 'notes.txt'), 'x')
  const again = new PlanFolder(folder)
  expect(again.villages()).toEqual([village])
  expect(again.of(village, 'desk')?.file).toBe(join(folder, `${village}.desk.jpg`))
  expect([again.remove(village), again.remove(village)]).toEqual([true, false])
  expect(again.of(village, 'box')?.source).toBe('box')
})

it('takes no name that leads out of its folder, and nothing that is no picture', () => {
  const plans = new PlanFolder(folder)
  for (const name of ['../x', '', 'a/b', '.', 'x.desk']) expect(plans.put(name, 'desk', png)).toBe(false)
  expect(plans.put(village, 'desk', Buffer.from('<svg/>'))).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})

it('reads no sheet that is damaged, unpacks to more than it may, or lacks a part', () => {
  for (const bytes of [
    Buffer.from('x'),
    gzipSync('{}'),
    gzipSync('[1]'),
    gzipSync(Buffer.alloc(7 * 1024 * 1024, 0x20)),
  ])
    expect(readHandover(bytes)).toBeUndefined()
})
