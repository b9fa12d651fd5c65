// The addresses of the desk's pages, behind the # so that any proxy and sub-path will do.

export const pages = ['queue', 'villages'] as const
export type Page = (typeof pages)[number]

export interface Route {
  page: Page | 'alarm'
  /** Of an alarm's sheet. */
  id?: string
}

const isPage = (word: string): word is Page => (pages as readonly string[]).includes(word)

/** `#/villages`, `#/alarm/{id}`; whatever else is there is the queue, which nobody may miss for a typing error. */
export function routeOf(hash: string): Route {
  const [, page = '', rest = ''] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(hash) ?? []
  if (page === 'alarm' && rest !== '') {
    const id = decoded(rest)
    return id === undefined ? { page: 'queue' } : { page: 'alarm', id }
  }
  return { page: isPage(page) ? page : 'queue' }
}

export function hashOf({ page, id }: Route): string {
  return id === undefined ? `#/${page}` : `#/${page}/${encodeURIComponent(id)}`
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
