import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { type ITheme, Terminal } from '@xterm/xterm';
import { usualFont } from './fit-font.ts';
import { fontFamily } from './font-family.ts';
import { guardErase } from './guard-erase.ts';
import { swallowQueries } from './swallow-queries.ts';
import { wrapPlainly } from './wrap-plainly.ts';

export interface EmulatorOptions {
  /** Lines that are kept above the screen. */
  scrollback: number;
  theme: ITheme;
  /** The size that the pane probably has: what is drawn first is then drawn once. */
  grid?: { cols: number; rows: number } | undefined;
  onLink(event: MouseEvent, uri: string): void;
  /** The address under the pointer; null when there is none any more. */
  onHover(uri: string | null): void;
}

export interface Emulator {
  readonly terminal: Terminal;
  readonly fit: FitAddon;
  readonly search: SearchAddon;
}

/** The emulator as tmux's screen needs it: widths, guards, no answers of its own. */
export function makeEmulator({ scrollback, theme, grid, onLink, onHover }: EmulatorOptions): Emulator {
  const hover = { hover: (_event: MouseEvent, uri: string) => onHover(uri), leave: () => onHover(null) };
  const terminal = new Terminal({
    allowProposedApi: true,
    ...grid,
    scrollback,
    fontFamily,
    fontSize: usualFont,
    theme,
    // Exactly the colours of the program.
    minimumContrastRatio: 1,
    macOptionClickForcesSelection: true,
    linkHandler: { activate: onLink, ...hover },
  });
  terminal.unicode.register(cellWidth);
  terminal.unicode.activeVersion = cellWidth.version;
  guardErase(terminal);
  wrapPlainly(terminal);
  swallowQueries(terminal);
  const fit = new FitAddon();
  const search = new SearchAddon();
  for (const addon of [fit, search, new WebLinksAddon(onLink, hover)]) terminal.loadAddon(addon);
  return { terminal, fit, search };
}

/** Whether the graphics card draws. */
export interface QuickDrawing {
  readonly isOn: boolean;
  end(): void;
}

/**
 * Lets the graphics card draw where there is one. Without it, or when it is taken away, the emulator's own renderer draws
 * the same, only slower, and in cells of a slightly other size.
 */
export function drawQuickly(terminal: Terminal, onLost: () => void): QuickDrawing {
  let end = (): void => undefined;
  let isOn = false;
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => {
      isOn = false;
      webgl.dispose();
      onLost();
    });
    terminal.loadAddon(webgl);
    end = keepSharp(terminal);
    isOn = true;
  } catch {
    // There is none.
  }
  return {
    get isOn() {
      return isOn;
    },
    end,
  };
}

/**
 * The addon gives its canvas as many pixels as the browser says that it takes on the glass. In Chromium's device
 * emulation that is one for each CSS pixel, however many the device is said to have, and a corner of the picture is all
 * that is seen. Rounding, which is what the addon asks for, is a pixel at most. The result ends it.
 */
function keepSharp(terminal: Terminal): () => void {
  const mend = ({ target: canvas }: { target: Node }) => {
    if (!(canvas instanceof HTMLCanvasElement)) return;
    const width = Math.round(Number.parseFloat(canvas.style.width) * devicePixelRatio);
    const height = Math.round(Number.parseFloat(canvas.style.height) * devicePixelRatio);
    if (Math.abs(canvas.width - width) <= 1 && Math.abs(canvas.height - height) <= 1) return;
    canvas.width = width;
    canvas.height = height;
    terminal.refresh(0, terminal.rows - 1);
  };
  const observer = new MutationObserver((changes) => {
    for (const change of changes) mend(change);
  });
  for (const canvas of terminal.element?.querySelectorAll('.xterm-screen canvas') ?? [])
    observer.observe(canvas, { attributeFilter: ['width', 'height'] });
  return () => observer.disconnect();
}
