import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { failed, isMissing, textsOf } from './control-lines.ts';
import type { ControlBlock } from './control-parser.ts';
import type { Link } from './keeper.ts';
import { screenName } from './pane-capture.ts';
import { checkPaneId } from './panes.ts';
import { quote } from './quote.ts';
import type { ScreenReader } from './screen-reader.ts';
import type { TypeRequest, TypeResult } from './tmux.ts';
import {
  hasTypedKeys,
  joinGuards,
  keptScreenBuffer,
  keysLine,
  mostKeyBytes,
  pasteFlags,
  typedAtOnce,
  typeFileLine,
  typeKeysLine,
  typingLines,
  typingWords,
} from './typing.ts';

export interface PaneTypingOptions {
  findLink: () => Promise<Link | null>;
  /** The connection if there is one now. */
  currentLink: () => Link | null;
  /** Name of the keeper session. */
  session: string;
  /** Name of a paste buffer that is ours alone. */
  buffer: string;
  /** A private one, for files that tmux reads. */
  folder: string;
  screens: ScreenReader;
}

/** Types and presses keys in panes: what goes to one pane goes in the order of the calls, each as a whole. */
export class PaneTyping {
  readonly #o: PaneTypingOptions;
  /** Last typing of each pane. */
  readonly #typing = new Map<string, Promise<unknown>>();
  readonly #checkedGuards = new Set<string>();

  constructor(options: PaneTypingOptions) {
    this.#o = options;
  }

  async type(request: TypeRequest): Promise<TypeResult> {
    if (request.mark !== null && !/^[A-Za-z0-9:.-]+$/.test(request.mark)) {
      throw failed(`a mark may hold letters, digits and -:. only: ${JSON.stringify(request.mark)}`);
    }
    return this.#inTurn(checkPaneId(request.paneId), () => this.#type(request));
  }

  typeBytes(paneId: string, bytes: Uint8Array, bracketed: boolean): Promise<'typed' | 'gone'> {
    return this.#inTurn(checkPaneId(paneId), () => this.#typeBytes(paneId, bytes, bracketed));
  }

  async pressKeys(paneId: string, keys: readonly string[]): Promise<void> {
    const line = keysLine(checkPaneId(paneId), keys);
    await this.#inTurn(paneId, async () => {
      const link = await this.#o.findLink();
      if (!link) throw failed('tmux cannot press keys: no server runs');
      // Leaving copy mode is told.
      const words = textsOf(await link.client.run(line, { isTold: true }), `press keys in pane ${paneId}`);
      if (words.includes(typingWords.dead)) throw failed(`the program of pane ${paneId} has ended`);
    });
  }

  /** Typings of one pane one after the other: one that takes several lines must not be mixed with another. */
  async #inTurn<T>(paneId: string, type: () => Promise<T>): Promise<T> {
    const before = this.#typing.get(paneId);
    // Failing was its caller's to hear.
    const turn = before ? before.then(type, type) : type();
    this.#typing.set(paneId, turn);
    try {
      return await turn;
    } finally {
      if (this.#typing.get(paneId) === turn) this.#typing.delete(paneId);
    }
  }

  async #typeBytes(paneId: string, bytes: Uint8Array, bracketed: boolean): Promise<'typed' | 'gone'> {
    if (bytes.length === 0) return 'typed';
    // A keystroke leaves in this very turn: its echo is what a person waits for.
    const link = this.#o.currentLink() ?? (await this.#o.findLink());
    if (!link) return 'gone';
    if (!bracketed && bytes.length <= mostKeyBytes) {
      const how = { isTold: false, isPatient: true };
      if (hasTypedKeys(await link.client.run(typeKeysLine(paneId, bytes), how))) return 'typed';
    }
    const typed = typedAtOnce(bytes, bracketed);
    const result =
      'text' in typed
        ? await this.#typeText(link, { paneId, text: typed.text, bracketed })
        : await this.#typeFile(link, { paneId, bytes: typed.file, bracketed });
    if (result instanceof CodepiperError) {
      link.client.send(`delete-buffer -b ${this.#o.buffer}`);
      throw result;
    }
    return result === 'gone' ? 'gone' : 'typed';
  }

  async #typeText(link: Link, request: { paneId: string; text: string; bracketed: boolean }) {
    const { paneId, text, bracketed } = request;
    const whole = { paneId, chunks: [text], bracketed, enter: false, mark: null, guards: [] };
    const [only] = typingLines(whole, null, this.#o.buffer, pasteFlags(link.features));
    return only ? typingResult(await link.client.run(only.line)) : 'typed';
  }

  async #typeFile(link: Link, request: { paneId: string; bytes: Uint8Array; bracketed: boolean }) {
    const { paneId, bytes, bracketed } = request;
    const file = join(this.#o.folder, screenName());
    const keeper = quote(`=${this.#o.session}:`);
    const setPath = `set-option -t ${keeper} @codepiper_run ${quote(file)}`;
    try {
      await writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
      const line = typeFileLine({
        paneId,
        bracketed,
        buffer: this.#o.buffer,
        flags: pasteFlags(link.features),
        setPath,
      });
      return typingResult(await link.client.run(line));
    } finally {
      await rm(file, { force: true });
    }
  }

  async #type(request: TypeRequest): Promise<TypeResult> {
    const guard = joinGuards(request.guards);
    let done = 0;
    const link = await this.#o.findLink();
    if (!link) return 'gone';
    if (guard !== null && !this.#checkedGuards.has(guard) && link.searches)
      await this.#checkGuard(link, guard);
    for (const { line, chunksDone } of typingLines(
      request,
      link.searches ? guard : null,
      this.#o.buffer,
      pasteFlags(link.features),
    )) {
      const stopped =
        (await this.#guardedHere(link, request.paneId, guard)) ?? typingResult(await link.client.run(line));
      if (stopped instanceof CodepiperError) {
        // A paste that failed leaves its buffer behind, and nobody asks for the screen.
        link.client.send(`delete-buffer -b ${this.#o.buffer}`);
        if (request.keepScreen)
          link.client.send(`delete-buffer -b ${keptScreenBuffer(this.#o.buffer, request.paneId)}`);
        throw stopped;
      }
      if (stopped === 'guarded' && done > 0) {
        throw failed('typing stopped half-way: the program began to ask something', { chunksDone: done });
      }
      if (stopped !== 'typed') return stopped;
      done = chunksDone;
    }
    return 'typed';
  }

  /** An expression that tmux cannot compile never matches, and so would guard nothing: refuse it. */
  async #checkGuard(link: Link, guard: string): Promise<void> {
    const target = `-t ${quote(`=${this.#o.session}:`)}`;
    const blocks = await link.client.run(
      `set-option ${target} @codepiper_check ${quote(guard)} ; display-message -p ${target} "#{m/r:(#{@codepiper_check})|^,x}"`,
    );
    if (textsOf(blocks, 'check a guard').at(-1) !== '1') {
      throw failed(`the guard is not a regular expression tmux understands: ${guard}`);
    }
    this.#checkedGuards.add(guard);
  }

  /** For a tmux that cannot search by expression: look at the screen just before. */
  async #guardedHere(link: Link, paneId: string, guard: string | null): Promise<'guarded' | null> {
    if (guard === null || link.searches) return null;
    const screen = await this.#o.screens.capture(link, paneId, {
      history: 0,
      styles: false,
      joinWrapped: false,
    });
    return new RegExp(posixExpression(guard), 'mu').test(screen) ? 'guarded' : null;
  }
}

/** Reads what a line of typing printed. */
function typingResult(blocks: readonly ControlBlock[]): TypeResult | CodepiperError {
  const error = blocks.find(({ ok }) => !ok);
  if (error) return isMissing(error) ? 'gone' : failed(`tmux failed to type: ${error.body.toString('utf8')}`);
  const words = blocks.map(({ body }) => body.toString('utf8'));
  if (words.includes(typingWords.dead)) return 'gone';
  if (words.includes(typingWords.guarded)) return 'guarded';
  return words.includes(typingWords.typed) ? 'typed' : failed('tmux did not say whether it typed');
}

/** The one thing of POSIX expressions that JavaScript's do not have. */
function posixExpression(expression: string): string {
  return expression
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:digit:]', '\\d')
    .replaceAll('[:alpha:]', '\\p{L}')
    .replaceAll('[:alnum:]', '\\p{L}\\p{N}');
}
