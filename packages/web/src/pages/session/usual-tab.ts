/** What is shown when the address names no tab: words on a phone, where a terminal is small; else the terminal. */
export function usualTab(): 'terminal' | 'conversation' {
  return matchMedia('(max-width: 767px)').matches ? 'conversation' : 'terminal';
}
