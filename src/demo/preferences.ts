/** Small choices that outlive the page. Storage may be forbidden: then they last as long as the page. */
const PREFIX = 'lateen.demo.'

export function readPreference(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

/** @param value undefined forgets the choice */
export function writePreference(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name)
    else localStorage.setItem(PREFIX + name, value)
  } catch {
    // Blocked or full: the choice still holds for this page view.
  }
}
