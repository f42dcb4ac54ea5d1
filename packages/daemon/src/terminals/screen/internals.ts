import xterm from '@xterm/headless';

/**
 * The only file that reads private fields of the emulator. The public interface does not tell pens, charsets, margins,
 * tab stops, saved cursors, link targets or the parser's state, and a snapshot without them is another terminal.
 *
 * Known: @xterm/headless 6.0.0. The fields are looked for when this file loads: another version that lacks one stops
 * the daemon's start and the tests instead of giving wrong screens.
 */
const known = '6.0.0';

/** How a cell looks: two words of colour and flags (see attributes.ts), and what does not fit into them. */
export interface Look {
  fg: number;
  bg: number;
  extended: { _ext: number; _urlId: number };
}

export interface Line {
  /** Three words a cell: content, fg, bg. */
  _data: Uint32Array;
  /** Content of cells that hold more than one code point. */
  _combined: Record<number, string | undefined>;
  _extendedAttrs: Record<number, Look['extended'] | undefined>;
  length: number;
  isWrapped: boolean;
  resize(cols: number, fill: Cell): void;
  setCell(col: number, cell: Cell): void;
}

/** Only handed on. */
export interface Cell extends Look {
  content: number;
}

/** A character set that is not ASCII; the emulator compares them by identity. */
export type Charset = object | undefined;

export interface ScreenBuffer {
  lines: {
    readonly length: number;
    maxLength: number;
    get(index: number): Line | undefined;
    push(line: Line): void;
    pop(): void;
  };
  /** Lines above the screen. */
  ybase: number;
  /** The cursor; `x` is the number of columns when the next character wraps. */
  x: number;
  y: number;
  scrollTop: number;
  scrollBottom: number;
  tabs: Record<number, boolean | undefined>;
  savedX: number;
  /** Counted from the first line of the history. */
  savedY: number;
  savedCurAttrData: Look;
  savedCharset: Charset;
  getBlankLine(look: Look): Line;
  /** An empty cell of the default look. */
  getNullCell(): Cell;
}

export interface Internals {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: {
    readonly normal: ScreenBuffer;
    readonly alt: ScreenBuffer;
    readonly active: ScreenBuffer;
  };
  readonly coreService: {
    modes: { insertMode: boolean };
    isCursorHidden: boolean;
    decPrivateModes: {
      applicationCursorKeys: boolean;
      applicationKeypad: boolean;
      bracketedPasteMode: boolean;
      cursorBlink: boolean | undefined;
      cursorStyle: 'block' | 'underline' | 'bar' | undefined;
      origin: boolean;
      reverseWraparound: boolean;
      sendFocus: boolean;
      synchronizedOutput: boolean;
      wraparound: boolean;
    };
  };
  readonly coreMouseService: {
    activeProtocol: 'NONE' | 'X10' | 'VT200' | 'DRAG' | 'ANY';
    activeEncoding: 'DEFAULT' | 'SGR' | 'SGR_PIXELS';
  };
  /** `scroll` brings a new line to the bottom, in a look; `isWrapped`: it goes on with the one above. */
  readonly _bufferService: { scroll(look: Look, isWrapped?: boolean): void };
  readonly optionsService: { rawOptions: { convertEol: boolean; cursorBlink: boolean } };
  readonly _charsetService: { charset: Charset; glevel: number; _charsets: (Charset | null)[] };
  readonly _oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined };
  readonly _inputHandler: {
    parse(bytes: Uint8Array): void;
    eraseInDisplay(params: { params: number[] }): boolean;
    _curAttrData: Look;
    _windowTitle: string;
    _iconName: string;
    _parser: { currentState: number; precedingJoinState: number };
  };
}

/** What `_inputHandler._parser.currentState` is between sequences. */
export const ground = 0;

/** The emulator behind a terminal of the public interface. */
export function internalsOf(terminal: xterm.Terminal): Internals {
  return (terminal as unknown as { _core: Internals })._core;
}

/** The last byte of the sequence that designates a charset, by charset. */
export const charsetFlags: ReadonlyMap<Charset, string> = probe();

/** Looks for every field this file names, and asks the emulator which charset stands behind which letter. */
function probe(): Map<Charset, string> {
  const terminal = new xterm.Terminal({ cols: 8, rows: 2, allowProposedApi: true, logLevel: 'off' });
  const core = internalsOf(terminal);
  const say = (text: string) => core._inputHandler.parse(new TextEncoder().encode(text));
  const holds = (what: unknown, name: string, type: string) => {
    if (typeof what !== type)
      throw new Error(
        `this build of @xterm/headless has no ${name} (${type}); the screen was written for version ${known}`,
      );
  };
  holds(core?._inputHandler?.parse, '_inputHandler.parse', 'function');
  say('\x1b]0;t\x07\x1b[4;31ma\u0301\x1b[m\x1b7b\x1b[1;2r\x1b[2;2H\u4e00\x1b[');
  const { _inputHandler: input, _charsetService: charsets, coreService, coreMouseService } = core;
  const { normal, alt } = core.buffers;
  const line = normal?.lines?.get(0);
  holds(line?._data, 'line _data', 'object');
  holds(line?._combined?.[0], 'line _combined', 'string');
  holds(line?._extendedAttrs?.[0]?._ext, 'extended _ext', 'number');
  holds(line?._extendedAttrs?.[0]?._urlId, 'extended _urlId', 'number');
  holds(line?.isWrapped, 'line isWrapped', 'boolean');
  holds(line?.resize, 'line resize', 'function');
  holds(line?.setCell, 'line setCell', 'function');
  for (const buffer of [normal, alt]) {
    for (const field of ['ybase', 'x', 'y', 'scrollTop', 'scrollBottom', 'savedX', 'savedY'] as const)
      holds(buffer?.[field], `buffer ${field}`, 'number');
    holds(buffer.tabs, 'buffer tabs', 'object');
    holds(buffer.savedCurAttrData?.fg, 'buffer savedCurAttrData', 'number');
    holds(buffer.getBlankLine, 'buffer getBlankLine', 'function');
    holds(buffer.getNullCell, 'buffer getNullCell', 'function');
  }
  holds(coreService?.modes?.insertMode, 'insertMode', 'boolean');
  holds(coreService?.isCursorHidden, 'isCursorHidden', 'boolean');
  for (const mode of ['applicationCursorKeys', 'bracketedPasteMode', 'origin', 'sendFocus'] as const)
    holds(coreService?.decPrivateModes?.[mode], mode, 'boolean');
  for (const mode of ['applicationKeypad', 'reverseWraparound', 'synchronizedOutput', 'wraparound'] as const)
    holds(coreService.decPrivateModes[mode], mode, 'boolean');
  holds(coreMouseService?.activeProtocol, 'activeProtocol', 'string');
  holds(coreMouseService?.activeEncoding, 'activeEncoding', 'string');
  holds(core.optionsService?.rawOptions?.convertEol, 'rawOptions', 'boolean');
  holds(core._oscLinkService?.getLinkData, 'getLinkData', 'function');
  holds(input._curAttrData?.extended?._ext, '_curAttrData', 'number');
  holds(core._bufferService?.scroll, '_bufferService.scroll', 'function');
  holds(input._windowTitle, '_windowTitle', 'string');
  holds(input._iconName, '_iconName', 'string');
  holds(input._parser?.precedingJoinState, 'precedingJoinState', 'number');
  holds(input.eraseInDisplay, 'eraseInDisplay', 'function');
  if (input._parser.currentState === ground) throw new Error(`@xterm/headless is not version ${known}`);
  const flags = new Map<Charset, string>([[undefined, 'B']]);
  for (const flag of '0A45RQKYEZH=') {
    say(`\x1b(${flag}`);
    holds(charsets?.charset, `charset ${flag}`, 'object');
    flags.set(charsets.charset, flag);
  }
  terminal.dispose();
  return flags;
}
