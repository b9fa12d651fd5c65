// The types of imported files that are not TypeScript. The logic is in .ts files, where it is checked.
declare module '*.css'
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<Record<string, unknown>, Record<string, unknown>, unknown>
  export default component
}
