// The section `outlets` of the centre's configuration: one entry per receiver outside, by its type.
import { resolve } from 'node:path'
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape } from './outlet-rules.ts'
import { capSchema, checkCap } from './cap-settings.ts'
import { checkDc09, dc09Schema } from './dc09-settings.ts'
import { checkGb28181, gb28181Schema } from './gb28181-settings.ts'
import { checkMail, mailSchema } from './mail-settings.ts'
import { checkSms, smsSchema } from './sms-settings.ts'
import { checkUrl, webhookSchema } from './webhook-settings.ts'

const fileShape = z.strictObject({
  ...commonShape,
  type: z.literal('file'),
  /** One file per message, in JSON, for another program. */
  folder: z.string().min(1).max(1000),
})

export const outletSchema = z.discriminatedUnion('type', [
  fileShape,
  webhookSchema,
  dc09Schema,
  capSchema,
  gb28181Schema,
  smsSchema,
  mailSchema,
])
export type OutletSettings = z.infer<typeof outletSchema>
export type OutletCommon = Omit<z.infer<typeof fileShape>, 'type' | 'folder'>

export const outletsSchema = z.array(outletSchema).max(50).default([])

/** What the schema can not express. */
export function checkOutlets(outlets: readonly OutletSettings[]): Problem[] {
  const names = outlets.map(({ name }) => name)
  const inboxes = outlets.map((outlet) => {
    const folder = outlet.type === 'sms' ? outlet.gammu?.inboxFolder : undefined
    return folder === undefined ? undefined : resolve(folder)
  })
  const problems: Problem[] = []
  outlets.forEach((outlet, i) => {
    const path = `outlets.${i}`
    if (names.indexOf(outlet.name) < i)
      problems.push({ path: `${path}.name`, message: `${outlet.name} is named twice` })
    const inbox = inboxes[i]
    if (inbox !== undefined && inboxes.indexOf(inbox) < i)
      problems.push({
        path: `${path}.gammu.inboxFolder`,
        message: 'another outlet reads the answers of this folder',
      })
    problems.push(...checkOfType(path, outlet))
    outlet.rules.forEach(({ from, until }, at) => {
      if ((from === undefined) !== (until === undefined))
        problems.push({ path: `${path}.rules.${at}`, message: 'from and until: both or neither' })
    })
  })
  return problems
}

function checkOfType(path: string, outlet: OutletSettings): Problem[] {
  switch (outlet.type) {
    case 'webhook':
      return checkUrl(path, outlet)
    case 'sia-dc09':
      return checkDc09(path, outlet)
    case 'cap':
      return checkCap(path, outlet)
    case 'sms':
      return checkSms(path, outlet)
    case 'mail':
      return checkMail(path, outlet)
    case 'gb28181':
      return checkGb28181(path, outlet)
    case 'file':
      return []
  }
}
