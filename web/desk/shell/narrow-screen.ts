// Whether the screen is as narrow as a phone's: some parts of a bar move into its menu there.
import { shallowRef, type ShallowRef } from 'vue'

/** The same width as in the style sheets. */
const narrowQuery = '(max-width: 720px)'

export function watchNarrowScreen(): { isNarrow: ShallowRef<boolean>; stop: () => void } {
  const media = matchMedia(narrowQuery)
  const isNarrow = shallowRef(media.matches)
  const hear = (): void => {
    isNarrow.value = media.matches
  }
  media.addEventListener('change', hear)
  return { isNarrow, stop: () => media.removeEventListener('change', hear) }
}
