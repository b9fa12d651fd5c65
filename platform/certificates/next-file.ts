// The name of the file that is to take the place of another one: of an authority while it is changed.

export const nextOf = (file: string): string => `${file}.next`
