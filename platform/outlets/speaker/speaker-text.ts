// What a loudspeaker or sign gets: the public words, and the values that its template may name. Pure.
import type { OutletMessage } from '../message.ts'
import { kindWords, publicWords, type Language } from '../words.ts'

export const speakerPlaces = ['text', 'id', 'colour', 'kind', 'village']

export const speakerValues = (message: OutletMessage, language: Language): ReadonlyMap<string, string> =>
  new Map([
    ['text', publicWords(message, language)],
    ['id', message.id],
    ['colour', message.colour],
    ['kind', message.kind ?? kindWords(message, language)],
    ['village', message.villageName],
  ])
