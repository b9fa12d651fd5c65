// The database of `gengfu demo --storage postgres`: it serves a town, and is gone with the demo.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openTown } from '../../centre/storage/open-town.ts'
import { DemoPostgres } from '../../firmware-sim/demo-postgres.ts'

test('starts a server that a centre can use, and leaves nothing', async () => {
  const postgres = new DemoPostgres()
  const url = await postgres.start()
  const db = openTown({ dataDir: '/nowhere', storage: { url } }, 'writer', 1_760_000_000_000)
  expect(db.prepare('SELECT count(*) FROM records').pluck().get()).toBe(0)
  db.close()
  await postgres.stop()
  expect(existsSync(decodeURIComponent(url.split('host=')[1] ?? ''))).toBe(false)
})
