// The box's own outlets at the console: how each receiver is, and a test of one, with the bytes either way.
import { z } from 'zod'
import type { OutletSummary, OutletTestAnswer } from '../../../protocols/desk/outlets.ts'
import { parseBody } from './access-routes.ts'
import { json, problems, signedIn, type Route } from './route.ts'

export interface BoxOutletCalls {
  list: () => Promise<OutletSummary[]>
  /** Undefined when there is no such outlet. */
  test: (name: string, by: string, isDry: boolean) => Promise<OutletTestAnswer | undefined>
}

export interface OutletRouteOptions {
  outlets: BoxOutletCalls
  note: (what: string, facts: Record<string, unknown>) => void
}

const testShape = z.strictObject({ isDry: z.boolean().default(false), by: z.string().min(1).max(80) })

export function outletRoutes({ outlets, note }: OutletRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/outlets$/,
      example: '/api/v1/outlets',
      who: signedIn,
      run: async () => json({ v: 1, outlets: await outlets.list() }),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/outlets\/([a-z0-9][a-z0-9-]{0,39})\/test$/,
      example: '/api/v1/outlets/police/test',
      who: signedIn,
      run: async (call) => {
        const asked = parseBody(testShape, call)
        if (!asked.ok) return problems(asked.problems)
        const { by, isDry } = asked.value
        const [outlet = ''] = call.parts
        const answer = await outlets.test(outlet, by, isDry)
        if (!answer)
          return problems([{ path: 'outlet', message: `no such outlet 没有此出口: ${outlet}` }], 404)
        // The bytes of a dry run have left nothing.
        if (!isDry) note('outlet-tested', { outlet, by, state: answer.state, words: answer.words })
        return json({ ok: true, ...answer })
      },
    },
  ]
}
