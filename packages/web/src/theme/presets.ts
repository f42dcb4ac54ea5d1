import type { ITheme } from '@xterm/xterm';

/** Colours of the page by what they mean. Text on `ground`, `panel` and `raised` has AA contrast in every preset. */
export interface Tokens {
  ground: string;
  panel: string;
  raised: string;
  /** Between parts. */
  line: string;
  /** Around what can be filled in: 3:1 to what is behind it. */
  edge: string;
  text: string;
  quiet: string;
  accent: string;
  /** Text on `accent`. */
  onAccent: string;
  live: string;
  wait: string;
  gone: string;
  /** Behind added and removed lines. */
  added: string;
  removed: string;
}

export interface Preset {
  id: string;
  name: string;
  scheme: 'dark' | 'light';
  tokens: Tokens;
  terminal: ITheme;
}

const midnight: Preset = {
  id: 'midnight',
  name: 'Midnight',
  scheme: 'dark',
  tokens: {
    ground: '#0f1218',
    panel: '#161b23',
    raised: '#1e2530',
    line: '#2a3240',
    edge: '#66738a',
    text: '#e7ecf3',
    quiet: '#9aa7b8',
    accent: '#7cc4ff',
    onAccent: '#07131f',
    live: '#5fd38a',
    wait: '#f2c14e',
    gone: '#ff8f8f',
    added: '#12301f',
    removed: '#3a1a1f',
  },
  terminal: {
    background: '#0f1218',
    foreground: '#e7ecf3',
    cursor: '#e7ecf3',
    cursorAccent: '#0f1218',
    selectionBackground: '#3d5f8a',
    selectionInactiveBackground: '#34465e',
    black: '#2a3240',
    red: '#ff7b7b',
    green: '#5fd38a',
    yellow: '#f2c14e',
    blue: '#6ea8fe',
    magenta: '#d29bf5',
    cyan: '#5cd0d8',
    white: '#cdd6e1',
    brightBlack: '#7c899b',
    brightRed: '#ffa3a3',
    brightGreen: '#8ae6ab',
    brightYellow: '#f8d781',
    brightBlue: '#9cc4ff',
    brightMagenta: '#e4bffb',
    brightCyan: '#8ee6ec',
    brightWhite: '#ffffff',
  },
};

const ember: Preset = {
  id: 'ember',
  name: 'Ember',
  scheme: 'dark',
  tokens: {
    ground: '#17130f',
    panel: '#1f1a15',
    raised: '#2a231c',
    line: '#3a3027',
    edge: '#857462',
    text: '#f3ebe0',
    quiet: '#b9a995',
    accent: '#ffb27a',
    onAccent: '#241104',
    live: '#a6cf6a',
    wait: '#f0c95a',
    gone: '#ff9a8c',
    added: '#25301a',
    removed: '#40201b',
  },
  terminal: {
    background: '#17130f',
    foreground: '#f3ebe0',
    cursor: '#ffb27a',
    cursorAccent: '#17130f',
    selectionBackground: '#6b4a30',
    selectionInactiveBackground: '#4a3626',
    black: '#3a3027',
    red: '#ff8a7a',
    green: '#a6cf6a',
    yellow: '#f0c95a',
    blue: '#8fb4e8',
    magenta: '#e0a0d0',
    cyan: '#7fcabb',
    white: '#dccfbd',
    brightBlack: '#978672',
    brightRed: '#ffb0a4',
    brightGreen: '#c4e394',
    brightYellow: '#f8dd8c',
    brightBlue: '#b4cff4',
    brightMagenta: '#f0c2e4',
    brightCyan: '#a9e2d7',
    brightWhite: '#fffaf2',
  },
};

const pitch: Preset = {
  id: 'pitch',
  name: 'Pitch (high contrast)',
  scheme: 'dark',
  tokens: {
    ground: '#000000',
    panel: '#0a0a0a',
    raised: '#161616',
    line: '#4a4a4a',
    edge: '#9a9a9a',
    text: '#ffffff',
    quiet: '#d0d0d0',
    accent: '#8fd3ff',
    onAccent: '#000000',
    live: '#6ff09a',
    wait: '#ffd84d',
    gone: '#ffa0a0',
    added: '#06361b',
    removed: '#4a1016',
  },
  terminal: {
    ...midnight.terminal,
    background: '#000000',
    foreground: '#ffffff',
    cursor: '#ffffff',
    cursorAccent: '#000000',
    white: '#e4e4e4',
    brightBlack: '#a0a0a0',
  },
};

const paper: Preset = {
  id: 'paper',
  name: 'Paper',
  scheme: 'light',
  tokens: {
    ground: '#f7f7f5',
    panel: '#ffffff',
    raised: '#eeeeea',
    line: '#dcdcd6',
    edge: '#868679',
    text: '#1d1f23',
    quiet: '#565b64',
    accent: '#0a5fb4',
    onAccent: '#ffffff',
    live: '#146c38',
    wait: '#855400',
    gone: '#b3261e',
    added: '#dcf3e2',
    removed: '#fbe0de',
  },
  terminal: {
    background: '#ffffff',
    foreground: '#1d1f23',
    cursor: '#1d1f23',
    cursorAccent: '#ffffff',
    selectionBackground: '#b8d4f2',
    selectionInactiveBackground: '#d8e4f0',
    black: '#1d1f23',
    red: '#b3261e',
    green: '#146c38',
    yellow: '#855400',
    blue: '#0a5fb4',
    magenta: '#8a3a9c',
    cyan: '#0d6b75',
    white: '#6b6f78',
    brightBlack: '#565b64',
    brightRed: '#c9372e',
    brightGreen: '#1c7a43',
    brightYellow: '#8f5f0a',
    brightBlue: '#1e6fc4',
    brightMagenta: '#9c4caf',
    brightCyan: '#157985',
    brightWhite: '#4b4f57',
  },
};

const mist: Preset = {
  id: 'mist',
  name: 'Mist',
  scheme: 'light',
  tokens: {
    ground: '#eef2f6',
    panel: '#f9fbfd',
    raised: '#e2e9f0',
    line: '#cbd5e0',
    edge: '#73839a',
    text: '#17212e',
    quiet: '#4a596c',
    accent: '#2455a6',
    onAccent: '#ffffff',
    live: '#0c6340',
    wait: '#7a4d00',
    gone: '#a8222f',
    added: '#d5efe0',
    removed: '#f8dcdf',
  },
  terminal: {
    ...paper.terminal,
    background: '#f9fbfd',
    foreground: '#17212e',
    cursor: '#17212e',
    cursorAccent: '#f9fbfd',
  },
};

const [firstDark, firstLight] = [midnight, paper];
export const presets: readonly Preset[] = [firstDark, ember, pitch, firstLight, mist];
/** What a choice that names none means. */
export const usualPresets = { dark: firstDark, light: firstLight } as const;
