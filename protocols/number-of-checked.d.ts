// Makes the compiler refuse `Number(x)` of an unchecked value: a received object may throw in its conversion, and a
// list becomes a number that was never sent. Check the type first. For `String(x)` and templates the linter has rules.
interface NumberConstructor {
  (value: string | number | bigint | boolean | null | undefined): number
  (value: unknown): { readonly mustBeCheckedFirst: unique symbol }
}
