// The same bytes may be a picture of two villages: an account with a scope gets them for its own, and only that look is
// logged.
import { expect, test } from 'vitest'
import { createPictureRoutes } from '../../../../centre/api/picture-routes.ts'
import type { Look, PictureHolder } from '../../../../centre/storage/port.ts'

const holder = (box: string): PictureHolder =>
  ({ box, bytes: 1, uses: [{ camera: 'c-1', preview: { sha256: 'p' } }] }) as unknown as PictureHolder

async function look(scope: readonly string[] | undefined): Promise<string[]> {
  const looks: Look[] = []
  const routes = createPictureRoutes({
    storage: {
      findPicture: async () => [holder('320612104201-1'), holder('320612205301-1')],
      noteLook: async (one: Look) => void looks.push(one),
    },
    clock: { wallMs: () => 1 },
    securityLog: { note: () => undefined },
    read: async () => new Uint8Array(1),
  } as unknown as Parameters<typeof createPictureRoutes>[0])
  const route = routes.find(({ path }) => path === '/api/v1/pictures/{sha256}')
  const account = { user: 'li', role: 'operator', scope }
  await route?.run({ account, sha256: 'p', query: {}, address: '' } as unknown as Parameters<
    typeof route.run
  >[0])
  return looks.map(({ box }) => box)
}

test('hands a picture out for villages of the scope only', async () => {
  expect(await look(undefined)).toEqual(['320612104201-1', '320612205301-1'])
  expect(await look(['320612205'])).toEqual(['320612205301-1'])
  await expect(look(['upper-brook'])).rejects.toMatchObject({ code: 'not-found' })
})
