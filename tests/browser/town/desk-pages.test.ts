// The pages behind the queue, on one town and in one browser, in this order: the search wants a town with a first case, the map a village
// without an alarm, the supervisor's page an operator with one case.
import { afterAll, beforeAll } from 'vitest'
import { closeTown, openTown } from './shared-town.ts'
import './desk-search.ts'
import './desk-map.ts'
import './desk-watch.ts'
import './desk-sheet.ts'
import './desk-admin.ts'

beforeAll(openTown, 120_000)
afterAll(closeTown, 60_000)
