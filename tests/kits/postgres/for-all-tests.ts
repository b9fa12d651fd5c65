// Starts PostgreSQL for the tests of a project, and ends it behind the last of them.
import { Cluster } from './cluster.ts'

export default async function start(): Promise<() => Promise<void>> {
  const cluster = await Cluster.create({ settings: { fsync: 'on', max_connections: '200' } })
  process.env['GENGFU_TEST_POSTGRES_PORT'] = String(cluster.port)
  return () => cluster.drop()
}
