import {
  changeOf,
  extendedBit,
  isPlainLook,
  looksOf,
  plainColour,
  plainTwin,
  type Words,
} from './attributes.ts';
import type { Internals, Look } from './internals.ts';

/** Stands for a link that is open only for the sake of the bit it sets in the pen. */
const anyLink = -1;

/** Text and sequences of a snapshot, with the pen they leave behind. Rows and columns are counted from 0. */
export class Writer {
  readonly #links: Internals['_oscLinkService'];
  #out = '';
  #fg = 0;
  #bg = 0;
  #ext = 0;
  #link = 0;
  #saves = false;

  constructor(links: Internals['_oscLinkService']) {
    this.#links = links;
  }

  get text(): string {
    return this.#out;
  }

  /** Whether something was kept by DECSC since the last {@link switchBuffer}. */
  get hasSaved(): boolean {
    return this.#saves;
  }

  add(text: string): void {
    this.#out += text;
  }

  moveTo(row: number, col: number): void {
    this.#out += `\x1b[${row + 1};${col + 1}H`;
  }

  column(col: number): void {
    this.#out += col === 0 ? '\r' : `\x1b[${col + 1}G`;
  }

  erase(count: number): void {
    this.#out += count === 1 ? '\x1b[X' : `\x1b[${count}X`;
  }

  /** The cursor stays where it is. */
  switchBuffer(to: 'normal' | 'alternate'): void {
    this.#out += to === 'normal' ? '\x1b[?47l' : '\x1b[?47h';
    this.#saves = false;
  }

  /** DECSC. */
  save(): void {
    this.#out += '\x1b7';
    this.#saves = true;
  }

  /** DECRC, for a pen that was kept with these two words. */
  restore({ fg, bg }: Words): void {
    this.#out += '\x1b8';
    this.#fg = fg;
    this.#bg = bg;
  }

  /** The pen of a fresh terminal. */
  plain(): void {
    this.#set(0, 0, 0, 0);
  }

  /** Makes sure that what is erased or scrolled in has this background. */
  background(bg: number): void {
    if (plainColour(this.#bg) !== bg) this.#set(0, bg, 0, this.#link);
  }

  /** The pen for a cell. Looks that only DECRC makes are made with it; a cursor that waits to wrap then waits no more. */
  look(look: Look): void {
    const { fg, bg } = look;
    const { _ext: ext, _urlId: url } = bg & extendedBit ? look.extended : { _ext: 0, _urlId: 0 };
    const isSet = fg === this.#fg && bg === this.#bg && ext === this.#ext && url === this.#link;
    if (isPlainLook({ fg, bg, extended: { _ext: ext, _urlId: url } }) || isSet) {
      this.#set(fg, bg, ext, url);
    } else {
      this.words(look);
      this.save();
      this.extended(look);
      this.restore(look);
    }
  }

  /** Everything of a pen, also what it does not show yet. Right for plain looks only. */
  pen({ fg, bg, extended }: Look): void {
    this.#set(fg, bg, extended._ext, extended._urlId);
  }

  /** A pen with these two words, whatever else it has. */
  words(look: Words): void {
    const twin = plainTwin(look);
    this.#set(look.fg, look.bg, twin.ext, twin.link ? anyLink : 0);
  }

  /** Other words for a pen that {@link restore} has brought, with the rest left as it is. */
  change({ fg, bg }: Words): void {
    // Saying which link is open makes the emulator look again whether the pen has anything besides its words.
    if ((this.#bg ^ bg) & extendedBit) this.#out += this.#linkTo(this.#link);
    this.#out += changeOf({ fg: this.#fg, bg: this.#bg }, { fg, bg });
    this.#fg = fg;
    this.#bg = bg;
  }

  /** What a pen has besides its two words. */
  extended({ extended }: Look): void {
    this.#set(0, 0, extended._ext, extended._urlId);
  }

  #set(fg: number, bg: number, ext: number, link: number): void {
    if (fg !== this.#fg || bg !== this.#bg || ext !== this.#ext) {
      this.#fg = fg;
      this.#bg = bg;
      this.#ext = ext;
      this.#out += looksOf(fg, bg, ext);
    }
    if (link !== this.#link) {
      this.#link = link;
      this.#out += this.#linkTo(link);
    }
  }

  /** A link without an id gets one, since it may go on after other text. A link that is gone gives none. */
  #linkTo(link: number): string {
    if (link === anyLink) return '\x1b]8;;about:blank\x07';
    const data = link === 0 ? undefined : this.#links.getLinkData(link);
    if (!data) return '\x1b]8;;\x07';
    return `\x1b]8;id=${data.id ?? `~${link}`};${data.uri}\x07`;
  }
}
