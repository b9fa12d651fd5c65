// Where the built console page is, from compiled files and from sources alike.
import { fileURLToPath } from 'node:url'

export function pageFolder(): string {
  const up = import.meta.url.endsWith('.ts') ? '../../dist/web/console' : '../../web/console'
  return fileURLToPath(new URL(up, import.meta.url))
}
