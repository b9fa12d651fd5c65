// Answers a request with a file of a built page, under the policy that the programs send: own files only.
import type { ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

export async function servePage(folder: string, path: string, response: ServerResponse): Promise<void> {
  const file = normalize(path === '/' ? '/index.html' : path)
  response.setHeader('content-security-policy', "default-src 'self'")
  response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
  try {
    response.end(await readFile(join(folder, file)))
  } catch {
    response.writeHead(404).end()
  }
}
