// The addresses of the desk's pages, behind the # so that any proxy and sub-path works.

export const pages = ['queue', 'villages', 'cases', 'people', 'bulletins'] as const
export type Page = (typeof pages)[number]

export interface Route {
  page: Page | 'alarm' | 'case'
  /** Of the present alarm or case. */
  id?: string
}

const isPage = (word: string): word is Page => (pages as readonly string[]).includes(word)

/**
 * `#/villages`, `#/alarm/{id}`, `#/case/{id}`; any other address shows the queue, so that a typing error can not hide
 * it.
 */
export function routeOf(hash: string): Route {
  const [, page = '', rest = ''] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(hash) ?? []
  if ((page === 'alarm' || page === 'case') && rest !== '') {
    const id = decoded(rest)
    return id === undefined ? { page: 'queue' } : { page, id }
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
