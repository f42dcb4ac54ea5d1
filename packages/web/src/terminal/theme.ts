import type { ITheme } from '@xterm/xterm';

/** The sixteen colours and the ground of the terminal; the page's own colours (styles.css) are of the same family. */
export const theme: ITheme = {
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
};

export const fontFamily =
  'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
