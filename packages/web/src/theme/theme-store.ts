import type { ITheme } from '@xterm/xterm';
import { type Preset, presets, usualPresets } from './presets.ts';

/** What a person chose, on this device. */
export interface ThemeChoice {
  mode: 'system' | 'dark' | 'light';
  /** Preset ids. */
  dark: string;
  light: string;
  /** Preset of the terminal; null for the page's own. */
  terminal: string | null;
}

const storageKey = 'codepiper.theme';
const usual: ThemeChoice = {
  mode: 'system',
  dark: usualPresets.dark.id,
  light: usualPresets.light.id,
  terminal: null,
};

const prefersLight = matchMedia('(prefers-color-scheme: light)');
const listeners = new Set<() => void>();
let choice = read();

prefersLight.addEventListener('change', apply);
addEventListener('storage', ({ key }) => {
  if (key !== storageKey) return;
  choice = read();
  apply();
});

/** Colours of the page and the terminal, as they are now. For `useSyncExternalStore`. */
export const themeStore = {
  choice: (): ThemeChoice => choice,
  preset: (): Preset => current(),
  terminal: (): ITheme => (presets.find(({ id }) => id === choice.terminal) ?? current()).terminal,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  choose(change: Partial<ThemeChoice>): void {
    choice = { ...choice, ...change };
    try {
      localStorage.setItem(storageKey, JSON.stringify(choice));
    } catch {
      // A browser that keeps nothing still shows it.
    }
    apply();
  },
};

/** Puts the chosen colours onto the page. */
export function apply(): void {
  const { tokens, scheme } = current();
  const { style } = document.documentElement;
  for (const [name, value] of Object.entries(tokens)) style.setProperty(`--cp-${name}`, value);
  style.colorScheme = scheme;
  document.documentElement.dataset.scheme = scheme;
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', tokens.ground);
  for (const listener of listeners) listener();
}

function current(): Preset {
  const scheme = choice.mode === 'system' ? (prefersLight.matches ? 'light' : 'dark') : choice.mode;
  return (
    presets.find((preset) => preset.scheme === scheme && preset.id === choice[scheme]) ?? usualPresets[scheme]
  );
}

function read(): ThemeChoice {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    return typeof stored === 'object' && stored !== null ? { ...usual, ...stored } : usual;
  } catch {
    return usual;
  }
}
