// Topic names and filters as text: which are well formed, and which filter matches which name.

export interface TopicLimits {
  topicLength: number
  topicDepth: number
}

// Control characters, NUL first; U+FFFD results from malformed UTF-8.
const unwanted = /[\p{Cc}\p{Cs}\ufffd-\uffff]/u

/** True when `text` (a topic, a client id, a user name) holds characters that MQTT forbids or that break log lines. */
export function hasUnwantedCharacters(text: string): boolean {
  return unwanted.test(text)
}

function depthOf(text: string): number {
  let depth = 1
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === 47) depth++
  return depth
}

function commonProblem(text: string, limits: TopicLimits): string | undefined {
  if (text.length === 0) return 'is empty'
  if (text.length > limits.topicLength) return `is longer than ${limits.topicLength} characters`
  if (hasUnwantedCharacters(text)) return 'holds control characters or malformed UTF-8'
  if (depthOf(text) > limits.topicDepth) return `has more than ${limits.topicDepth} levels`
  return undefined
}

/** The error of `topic` as the name of a message, or undefined. */
export function topicNameProblem(topic: string, limits: TopicLimits): string | undefined {
  return commonProblem(topic, limits) ?? (/[+#]/.test(topic) ? 'holds a wildcard' : undefined)
}

/** The error of `filter` as a subscription, or undefined. [MQTT-4.7.1-2] [MQTT-4.7.1-3] */
export function topicFilterProblem(filter: string, limits: TopicLimits): string | undefined {
  const common = commonProblem(filter, limits)
  if (common !== undefined) return common
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('+') && level !== '+') return 'has a + that does not fill its level'
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1))
      return 'has a # that is not the last level'
  }
  return undefined
}

/**
 * True when `filter` matches `topic`; a wildcard at the start never matches a topic that starts with $. [MQTT-4.7.2-1]
 */
export function filterMatches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  const filterLevels = filter.split('/')
  const topicLevels = topic.split('/')
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true
    if (index >= topicLevels.length) return false
    if (level !== '+' && level !== topicLevels[index]) return false
  }
  return filterLevels.length === topicLevels.length
}
