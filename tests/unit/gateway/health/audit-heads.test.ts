// Does the box keep the last heads of the centre's audit trail, also across a restart, and does the centre send each once?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Downlink } from '../../../../centre/receiver/downlink.ts'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import { auditHeadsMax, noteAuditHead, readAuditHeads } from '../../../../gateway/health/audit-heads.ts'
import { parseReceipt } from '../../../../protocols/uplink/codec.ts'
import { openBox, type Box } from '../../../faults/box-without-broker.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-audit-heads-'))
let box: Box | undefined
afterEach(async () => {
  await box?.intake.stop()
  await box?.journal.close()
  box = undefined
  rmSync(folder, { recursive: true, force: true })
})

const headOf = (number: number): string => number.toString(16).padStart(64, '0')

test('a box keeps the last heads of the trail, the newest first, and each once', async () => {
  box = await openBox(folder)
  for (let day = 1; day <= auditHeadsMax + 2; day++) {
    await noteAuditHead(box.journal, { entries: day * 10, head: headOf(day) }, day * 1000)
    await noteAuditHead(box.journal, { entries: day * 10, head: headOf(day) }, day * 1000 + 1)
  }
  await box.intake.stop()
  await box.journal.close()
  box = await openBox(folder)
  const heads = await readAuditHeads(box.journal)
  expect(heads).toHaveLength(auditHeadsMax)
  expect(heads[0]).toEqual({ entries: 100, head: headOf(10), atMs: 10_000 })
})

test('the centre sends a head with the next Receipt of each box, once it has arrived never again', () => {
  const downlink = new Downlink({ core: new ReceiverCore(), wallMs: () => 1, isClockKept: () => true })
  const heads: (string | undefined)[] = []
  let isConnected = false
  downlink.attach({
    canReach: () => true,
    publish: (_box, _channel, payload) => {
      const receipt = parseReceipt(payload)
      if (isConnected) heads.push(receipt.ok ? receipt.value.audit?.head : 'unreadable')
      return isConnected
    },
  })
  const send = (name: string): void => downlink.sendReceipt(name, 'abcdef0123456789')
  downlink.anchor({ entries: 1, head: headOf(1) })
  send('box-a')
  isConnected = true
  for (const name of ['box-a', 'box-a', 'box-b']) send(name)
  downlink.anchor({ entries: 2, head: headOf(2) })
  send('box-a')
  expect(heads).toEqual([headOf(1), undefined, headOf(1), headOf(2)])
})
