// What no schema of a single outlet can express: names, folders and hours of all outlets of one program.
import { resolve } from 'node:path'
import type { Problem } from '../../../protocols/kit/result.ts'
import type { OutletCommon } from './outlet-rules.ts'

interface AnyOutlet extends Pick<OutletCommon, 'name' | 'rules'> {
  gammu?: { inboxFolder?: string | undefined } | undefined
}

export function checkTogether(outlets: readonly AnyOutlet[]): Problem[] {
  const names = outlets.map(({ name }) => name)
  const inboxes = outlets.map(({ gammu }) =>
    gammu?.inboxFolder === undefined ? undefined : resolve(gammu.inboxFolder),
  )
  return outlets.flatMap(({ name, rules }, i) => {
    const path = `outlets.${i}`
    const problems: Problem[] = []
    if (names.indexOf(name) < i) problems.push({ path: `${path}.name`, message: `${name} is named twice` })
    const inbox = inboxes[i]
    if (inbox !== undefined && inboxes.indexOf(inbox) < i)
      problems.push({
        path: `${path}.gammu.inboxFolder`,
        message: 'another outlet reads the answers of this folder',
      })
    rules.forEach(({ from, until }, at) => {
      if ((from === undefined) !== (until === undefined))
        problems.push({ path: `${path}.rules.${at}`, message: 'from and until: both or neither' })
    })
    return problems
  })
}
