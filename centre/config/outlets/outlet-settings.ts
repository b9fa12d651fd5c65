// The section `outlets` of the centre's configuration: one entry per receiver outside, by its type.
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape } from './outlet-rules.ts'

const fileShape = z.strictObject({
  ...commonShape,
  type: z.literal('file'),
  /** One file per message, in JSON, for another program. */
  folder: z.string().min(1).max(1000),
})

export const outletSchema = z.discriminatedUnion('type', [fileShape])
export type OutletSettings = z.infer<typeof outletSchema>
export type OutletCommon = Omit<z.infer<typeof fileShape>, 'type' | 'folder'>

export const outletsSchema = z.array(outletSchema).max(50).default([])

/** What the schema can not express. */
export function checkOutlets(outlets: readonly OutletSettings[]): Problem[] {
  const names = outlets.map(({ name }) => name)
  const problems: Problem[] = []
  outlets.forEach((outlet, i) => {
    const path = `outlets.${i}`
    if (names.indexOf(outlet.name) < i)
      problems.push({ path: `${path}.name`, message: `${outlet.name} is named twice` })
    outlet.rules.forEach(({ from, until }, at) => {
      if ((from === undefined) !== (until === undefined))
        problems.push({ path: `${path}.rules.${at}`, message: 'from and until: both or neither' })
    })
  })
  return problems
}
