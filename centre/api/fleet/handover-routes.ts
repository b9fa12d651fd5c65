// The handover sheets that boxes have sent: a list per box, and each as it was when the village signed. A look is in the security log.
import { z } from 'zod'
import { answeringRoles, roles } from '../../../protocols/desk/api.ts'
import type { HandoverAnswer, HandoversAnswer } from '../../../protocols/desk/fleet/handovers.ts'
import { handoverSchema } from '../../../protocols/enrolment/handover.ts'
import { deviceListTemplate, templateTypes } from '../../../platform/formats/device-list-template.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { BundleFolder } from '../../fleet/bundle-folder.ts'
import { readHandover } from '../../fleet/read-handover.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

export interface HandoverRouteOptions {
  handovers: BundleFolder
  securityLog: Pick<SecurityLog, 'note'>
}

const listAnswer = z.object({
  handovers: z.array(z.object({ name: z.string(), atMs: z.number(), bytes: z.number() })),
})
const templateQuery = z.strictObject({ lang: z.enum(['zh', 'en']).default('zh') })

export function createHandoverRoutes({ handovers, securityLog }: HandoverRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/boxes/{boxId}/handovers',
      summary: { zh: '网关的交接单', en: 'The handover sheets of a box, newest first' },
      access: answeringRoles,
      answer: listAnswer,
      problems: [],
      run: async ({ boxId }) => ({
        json: { handovers: await handovers.of(boxId) } satisfies HandoversAnswer,
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/boxes/{boxId}/handovers/{handoverName}',
      summary: {
        zh: '一张交接单，含图片（查看会被记录）',
        en: 'One handover sheet with its pictures; the look is in the security log',
      },
      access: answeringRoles,
      answer: z.object({ handover: handoverSchema }),
      problems: ['not-found'],
      run: async ({ boxId, path, account, address }) => {
        const name = path['handoverName'] ?? ''
        const bytes = await handovers.read(boxId, name)
        const handover = bytes && readHandover(bytes)
        if (!handover) throw new ApiProblem('not-found')
        securityLog.note('look', account?.user ?? '', address, `${boxId} ${name}`)
        return { json: { handover } satisfies HandoverAnswer }
      },
    },
    templateRoute,
  ]
}

/** For those who prepare a village at the desk. */
const templateRoute: Route = {
  method: 'GET',
  path: '/api/v1/device-list',
  scope: 'none',
  summary: {
    zh: '空白设备清单（XLSX），在办公室填写后由网关导入',
    en: 'An empty list of devices as XLSX, filled in at the desk and imported at a box',
  },
  access: roles,
  query: templateQuery,
  answer: 'file',
  problems: ['bad-request'],
  run: async ({ query }) => {
    const { lang } = query as z.infer<typeof templateQuery>
    return { file: deviceListTemplate('xlsx', lang), type: templateTypes.xlsx, name: 'gengfu-devices.xlsx' }
  },
}
