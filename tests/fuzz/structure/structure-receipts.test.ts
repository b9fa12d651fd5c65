// Can any one Receipt of a centre end the uplink of a box, settle what was never written, or hold back a red record?
import { expect, test } from 'vitest'
import { everyMutation } from './structural-mutations.ts'
import { ReceiptStructureTarget, sessionPictureReceipt, sessionReceipt } from './structure-receipts.ts'

test('every node of a Receipt may be anything: no answer throws, and the next red record leaves', () => {
  const target = new ReceiptStructureTarget()
  const all = [sessionReceipt, sessionPictureReceipt].flatMap((message) => [...everyMutation(message)])
  for (let at = 0; at < all.length; at += 20) expect(target.take(all.slice(at, at + 20))).toEqual([])
})
