// The last search of the signed-in person on this page: it is there again after a result was read, and gone for the next person.
import { emptyForm, type SearchForm } from './search-query.ts'

export interface LastSearch {
  form: SearchForm
  isAsked: boolean
}

let owner: string | undefined
let last: LastSearch = { form: emptyForm(), isAsked: false }

export function lastSearch(user: string | undefined): LastSearch {
  if (user !== owner) {
    owner = user
    last = { form: emptyForm(), isAsked: false }
  }
  return last
}
