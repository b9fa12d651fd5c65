// The addresses of the desk's pages, behind the # so that any proxy and sub-path works.

export const pages = [
  'queue',
  'villages',
  'cases',
  'people',
  'bulletins',
  'map',
  'search',
  'watch',
  'admin',
  'fleet',
] as const
export type Page = (typeof pages)[number]

export interface Route {
  page: Page | 'alarm' | 'case' | 'wall' | 'pictures' | 'handover'
  /** Of the present alarm or case, of the village on the map, or of the box. */
  id?: string
}

/** Pages that may name what they show; an alarm and a case must. */
const withId: readonly Route['page'][] = ['alarm', 'case', 'map', 'pictures', 'handover']

const isPage = (word: string): word is Page => (pages as readonly string[]).includes(word)

/**
 * `#/villages`, `#/alarm/{id}`, `#/case/{id}`, `#/map/{village}`, `#/pictures/{alarm}`, `#/handover/{box}`, `#/wall`; any other address shows the queue, so that a typing error can not hide
 * it.
 */
export function routeOf(hash: string): Route {
  const [, page = '', rest = ''] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(hash) ?? []
  const named = withId.find((one) => one === page)
  if (named !== undefined && rest !== '') {
    const id = decoded(rest)
    return id === undefined ? { page: 'queue' } : { page: named, id }
  }
  if (page === 'wall') return { page }
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
