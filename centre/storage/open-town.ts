// Opens the database that the configuration names for a command of one step, such as `gengfu centre user`; the running centre has threads
// of its own for it.
import { isPostgresUrl, postgresAddress, type PostgresSettings } from './postgres/address.ts'
import { openPostgres } from './postgres/open-database.ts'
import { openReader, openWriter, sqliteFile, type Sqlite } from './sqlite/database.ts'

export interface TownPlace {
  dataDir: string
  storage: PostgresSettings
}

export function openTown({ dataDir, storage }: TownPlace, role: 'writer' | 'reader', nowMs: number): Sqlite {
  if (isPostgresUrl(storage.url))
    return openPostgres({ address: postgresAddress(storage), role, name: 'gengfu command', nowMs })
  const file = sqliteFile(storage.url, dataDir)
  return role === 'writer' ? openWriter(file, nowMs) : openReader(file)
}
