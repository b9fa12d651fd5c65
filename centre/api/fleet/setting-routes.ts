// The routes of a setting that is changed on many boxes: begin, look, hold. One at a time.
import type { z } from 'zod'
import { roles } from '../../../protocols/desk/api.ts'
import { commandRoles } from '../../../protocols/desk/commands.ts'
import {
  newSettingBody,
  settingAnswerSchema,
  type NewSetting,
  type SettingAnswer,
} from '../../../protocols/desk/fleet/setting-waves.ts'
import { z as zod } from 'zod'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

export interface SettingRouteOptions {
  state: () => SettingAnswer
  /** False while another one is under way. */
  begin: (setting: NewSetting, by: string) => boolean
  /** False when there is none. */
  hold: (isPaused: boolean) => boolean
}

const holdBody = zod.strictObject({ isPaused: zod.boolean() })
const bodyBytesMax = 512 * 1024

export function createSettingRoutes({ state, begin, hold }: SettingRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/fleet/setting',
      summary: {
        zh: '分批修改设置的进度；遇到第一台退回的网关即停止',
        en: 'The setting that is changed wave after wave; it stops at the first box that takes it back',
      },
      access: roles.filter((role) => ['maintainer', 'supervisor', 'admin', 'auditor'].includes(role)),
      answer: settingAnswerSchema,
      problems: [],
      run: async () => ({ json: state() satisfies SettingAnswer }),
    },
    {
      method: 'POST',
      path: '/api/v1/fleet/setting',
      summary: {
        zh: '分批修改网关的设置：每台试用新设置，连不上中心即自动退回',
        en: 'Change a setting on many boxes in waves; each box tries it and takes it back when the centre is not reached with it',
      },
      access: commandRoles.config,
      body: newSettingBody,
      bodyBytesMax,
      answer: settingAnswerSchema,
      problems: ['bad-request', 'setting-under-way'],
      run: async ({ body, account }) => {
        if (!begin(body as NewSetting, account?.user ?? '')) throw new ApiProblem('setting-under-way')
        return { json: state() satisfies SettingAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/fleet/setting/hold',
      summary: { zh: '暂停或继续分批修改', en: 'Pause or resume the change' },
      access: commandRoles.config,
      body: holdBody,
      answer: settingAnswerSchema,
      problems: ['bad-request', 'not-found'],
      run: async ({ body }) => {
        const { isPaused } = body as z.infer<typeof holdBody>
        if (!hold(isPaused)) throw new ApiProblem('not-found')
        return { json: state() satisfies SettingAnswer }
      },
    },
  ]
}
