// Starts PostgreSQL for the tests of a project, and ends it behind the last of them.
import { Cluster } from './cluster.ts'

let cluster: Cluster | undefined

export async function setup(): Promise<void> {
  cluster = await Cluster.create({ settings: { max_connections: '200' } })
  process.env['GENGFU_TEST_POSTGRES_PORT'] = String(cluster.port)
}

export async function teardown(): Promise<void> {
  await cluster?.drop()
}
