// Values stored under topic filters and found by topic name, in a time that does not grow with the number of filters.

interface TreeNode<T> {
  children: Map<string, TreeNode<T>>
  values: Set<T>
}

const createNode = <T>(): TreeNode<T> => ({ children: new Map(), values: new Set() })

export class FilterTree<T> {
  readonly #root: TreeNode<T> = createNode()

  add(filter: string, value: T): void {
    let node = this.#root
    for (const level of filter.split('/')) {
      let child = node.children.get(level)
      if (!child) {
        child = createNode()
        node.children.set(level, child)
      }
      node = child
    }
    node.values.add(value)
  }

  /** Removes `value` and every branch that is empty after that. */
  remove(filter: string, value: T): void {
    const path: { parent: TreeNode<T>; level: string; node: TreeNode<T> }[] = []
    let node = this.#root
    for (const level of filter.split('/')) {
      const child = node.children.get(level)
      if (!child) return
      path.push({ parent: node, level, node: child })
      node = child
    }
    node.values.delete(value)
    for (const step of path.reverse()) {
      if (step.node.values.size > 0 || step.node.children.size > 0) return
      step.parent.children.delete(step.level)
    }
  }

  /** Calls `visit` for each value whose filter matches `topic`, once per matching filter. */
  match(topic: string, visit: (value: T) => void): void {
    const levels = topic.split('/')
    const isSystem = topic.startsWith('$')
    const walk = (node: TreeNode<T>, index: number): void => {
      // [MQTT-4.7.2-1]: wildcards at the start do not reach $ topics.
      const mayUseWildcards = index > 0 || !isSystem
      if (mayUseWildcards) node.children.get('#')?.values.forEach(visit)
      if (index === levels.length) {
        node.values.forEach(visit)
        return
      }
      const exact = node.children.get(levels[index] ?? '')
      if (exact) walk(exact, index + 1)
      const any = mayUseWildcards ? node.children.get('+') : undefined
      if (any) walk(any, index + 1)
    }
    walk(this.#root, 0)
  }
}
