import { defineConfig } from 'vitest/config'
import { noteBuild } from './tests/kits/system/require-build.ts'
import { SlowFirst } from './tests/kits/system/slow-first.ts'

const common = { pool: 'forks', testTimeout: 80_000, hookTimeout: 80_000 } as const
const inProcess = [
  'tests/tidy.test.ts',
  'tests/{unit,fuzz,contract,simulation}/**/*.test.ts',
  // A whole box, or its uplink, in the process of the test.
  'tests/system/{box,bridge,buses,config,device,village,wrong}-*.test.ts',
  'tests/system/uplink/*.test.ts',
]

/**
 * The centre over PostgreSQL: its contract must not depend on the store. In the whole run those that use most of its statements;
 * GENGFU_WHOLE_CONTRACT=1 runs all of them, in some minutes.
 */
const overPostgres = process.env['GENGFU_WHOLE_CONTRACT']
  ? ['tests/contract/centre/**/*.test.ts']
  : ['tests/contract/centre/{cases,commands,search,salvage}.test.ts']
const onlyPostgres = ['tests/postgres/**/*.test.ts']

noteBuild()

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        // One module cache per worker: the unit and fuzz tests took 48 s with it and 80 s without, on two cores.
        test: { ...common, name: 'in process', include: inProcess, isolate: false },
      },
      {
        test: {
          ...common,
          name: 'postgres',
          include: [...overPostgres, ...onlyPostgres],
          isolate: false,
          env: { GENGFU_TEST_STORAGE: 'postgres' },
          globalSetup: ['tests/kits/postgres/for-all-tests.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'programs',
          include: ['tests/**/*.test.ts'],
          exclude: [...inProcess, ...onlyPostgres],
        },
      },
    ],
  },
})
