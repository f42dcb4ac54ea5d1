import { type Charset, charsetFlags, type Internals, type ScreenBuffer } from './internals.ts';

const mouseProtocols = { NONE: 0, X10: 9, VT200: 1000, DRAG: 1002, ANY: 1003 } as const;
const mouseEncodings = { DEFAULT: 0, SGR: 1006, SGR_PIXELS: 1016 } as const;
const cursorShapes = { block: 1, underline: 3, bar: 5 } as const;
const defaultTabWidth = 8;
/** How the sets G0 to G3 are designated, and shifted to. */
const designators = ['(', ')', '*', '+'];
const shifts = ['\x0f', '\x0e', '\x1bn', '\x1bo'];

/** Modes that move no cursor and change no cell, from those of a fresh terminal. Origin mode is not among them. */
export function modesOf({ coreService, coreMouseService, optionsService }: Internals): string {
  const { modes, decPrivateModes: dec, isCursorHidden } = coreService;
  const { convertEol, cursorBlink } = optionsService.rawOptions;
  const on: number[] = [];
  const off: number[] = [];
  if (dec.applicationCursorKeys) on.push(1);
  if (!dec.wraparound) off.push(7);
  if (cursorBlink) on.push(12);
  if (isCursorHidden) off.push(25);
  if (dec.reverseWraparound) on.push(45);
  if (dec.applicationKeypad) on.push(66);
  const { activeProtocol, activeEncoding } = coreMouseService;
  if (activeProtocol !== 'NONE') on.push(mouseProtocols[activeProtocol]);
  if (activeEncoding !== 'DEFAULT') on.push(mouseEncodings[activeEncoding]);
  if (dec.sendFocus) on.push(1004);
  if (dec.bracketedPasteMode) on.push(2004);
  if (dec.synchronizedOutput) on.push(2026);
  return [
    modes.insertMode ? '\x1b[4h' : '',
    convertEol ? '\x1b[20h' : '',
    ...on.map((mode) => `\x1b[?${mode}h`),
    ...off.map((mode) => `\x1b[?${mode}l`),
    cursorStyleOf(dec),
  ].join('');
}

function cursorStyleOf(dec: Internals['coreService']['decPrivateModes']): string {
  const { cursorStyle: shape, cursorBlink: blinks } = dec;
  if (blinks === undefined) return '';
  // Numbers that stand for no shape set the blinking alone.
  const number = (shape ? cursorShapes[shape] : 7) + (blinks ? 0 : 1);
  return `\x1b[${number} q`;
}

/** Moves the cursor. */
export function tabsOf({ tabs }: ScreenBuffer, cols: number): string {
  const stops: number[] = [];
  const usual: number[] = [];
  for (let col = 0; col < cols; col++) {
    if (tabs[col]) stops.push(col);
    if (col % defaultTabWidth === 0) usual.push(col);
  }
  if (stops.join() === usual.join()) return '';
  return `\x1b[3g${stops.map((col) => `\x1b[${col + 1}G\x1bH`).join('')}\r`;
}

/** Moves the cursor. */
export function marginsOf({ scrollTop, scrollBottom }: ScreenBuffer, rows: number): string {
  return scrollTop === 0 && scrollBottom === rows - 1 ? '' : `\x1b[${scrollTop + 1};${scrollBottom + 1}r`;
}

export function designate(set: number, charset: Charset): string {
  return `\x1b${designators[set] ?? '('}${charsetFlags.get(charset) ?? 'B'}`;
}

/** All four sets, and the one that is in use. */
export function charsetsOf({ _charsetService: { _charsets, glevel } }: Internals): string {
  const sets = designators.map((_, set) => (_charsets[set] ? designate(set, _charsets[set]) : ''));
  return sets.join('') + (shifts[glevel] ?? '');
}

/** Whether DECRC has brought a charset that none of its own sequences would have chosen. */
export function hasRestoredCharset({ _charsetService: { _charsets, glevel, charset } }: Internals): boolean {
  return (_charsets[glevel] ?? undefined) !== charset;
}
