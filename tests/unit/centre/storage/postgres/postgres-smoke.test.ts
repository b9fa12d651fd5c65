// Do the writer and the reader of storage run over PostgreSQL?
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPostgresStorage } from '../../../../../centre/storage/postgres/postgres-storage.ts'
import type { Storage } from '../../../../../centre/storage/port.ts'
import { Cluster } from '../../../../kits/postgres/cluster.ts'

let cluster: Cluster
let storage: Storage | undefined
beforeAll(async () => {
  cluster = await Cluster.create()
  await cluster.query('CREATE DATABASE town')
  storage = await openPostgresStorage({ address: cluster.address('town'), name: 'one', nowMs: 1_760_000_000_000 })
}, 120_000)
afterAll(async () => {
  await storage?.close()
  await cluster.drop()
})

it('remembers', async () => {
  const known = await storage?.remember([{ id: 'village-1', name: 'one' }])
  expect(known?.boxes).toEqual([{ id: 'village-1', name: 'one' }])
  expect(await storage?.alarms({ state: 'active', limit: 10 })).toEqual({ alarms: [] })
})
