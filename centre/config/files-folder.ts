// Where pictures and files are: in the folder that all centres of a database share, or in this centre's own.
import type { CentreConfig } from './config.ts'

export const filesFolderOf = ({ dataDir, storage }: Pick<CentreConfig, 'dataDir' | 'storage'>): string =>
  storage.sharedDir ?? dataDir
