import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { dumpCapture } from './browser.ts';

/** Printed by a shell that then waits: what terminals are tested with, and what is known to go wrong. */
const torture = String.raw`
for i in $(seq 1 300); do echo "history line $i"; done
printf '\e[1mbold\e[0m \e[2mdim\e[0m \e[3mitalic\e[0m \e[4munder\e[0m \e[7minverse\e[0m \e[9mstruck\e[0m\n'
printf '\e[38;5;208morange\e[0m \e[48;2;10;60;120mtrue\e[0m \e[93;41mbright\e[0m \e[48;5;22m   \e[0m|\n'
printf '漢字 ひらがな 한글 😀😃 👍🏽 🇩🇪 👨‍👩‍👧 ❤️ e\xcc\x81 ﷽|\n┌──┐ ░▒▓█ ⣿⠋ ﬀ|\n'
printf '%.0sx' $(seq 1 150); printf '\n'; printf '%.0s漢' $(seq 1 70); printf '\na\tb\tc\n'
printf '\e(0lqqk\e(B DEC graphics\n'
exec cat
`;

/**
 * In the manner of vttest: margins, origin mode, insertion, tab stops, wrapping at the edge, DECALN, saved cursors. On
 * the main screen, and never drawn anew: what becomes of it when the size changes is tmux's doing alone.
 */
const vttest = String.raw`
printf '\e#8\e[3;10H\e[1K\e[5;20H\e[K\e[7;1H\e[2L\e[12;1H\e[M'
printf '\e[4;9r\e[?6h\e[1;1Horigin\e[9;1Hlast\n\n\e[?6l\e[r'
printf '\e[10;5H\e7\e[4hinserted\e[4l\e8\e[3P\e[11;1H\e[5@at\e[14;3H\e[4X'
printf '\e[3g\e[15;7H\eH\e[15;30H\eH\e[15;1H\ta\tb'
printf '\e[16;79Hwrapped over the edge\e[?7l\e[18;75Hnot wrapped here\e[?7h'
printf '\e[20;1H\e[41m\e[K\e[0m\e[21;1H\e(0abcdefghijklmnopqrstuvwxyz\e(B\e[22;10H\e[1;4;31mlook\e[22;24;39m again\e[0m'
exec cat
`;

/** A session of each kind. `shown` is on its screen when it is ready. */
export const kinds = [
  'claude',
  'claude-default',
  'codex',
  'codex-main',
  'vim',
  'less',
  'htop',
  'torture',
  'vttest',
] as const;
export type Kind = (typeof kinds)[number];

/** What a viewer shows of a session. */
export interface Shown {
  cols: number;
  rows: number;
  cursor: { x: number; y: number };
  /** As `dump` has it. */
  lines: readonly string[];
}

/** A house with a session of each kind: real agents with model servers of their own, real programs. */
export class ScreenSessions implements AsyncDisposable {
  readonly house: House;
  readonly #ids = new Map<Kind, string>();
  readonly #owned: AsyncDisposableStack;

  private constructor(house: House, owned: AsyncDisposableStack) {
    this.house = house;
    this.#owned = owned;
  }

  /** All are started and ready. */
  static async open(env: Readonly<Record<string, string>> = {}): Promise<ScreenSessions> {
    await using owned = new AsyncDisposableStack();
    const anthropic = owned.use(await startAnthropicServer());
    const openAi = owned.use(await startOpenAiServer());
    const home = owned.use(await createAgentHome({ anthropicUrl: anthropic.url, openAiUrl: openAi.url }));
    const house = owned.use(await House.open({ env: { ...home.env, ...env } }));
    const project = await home.project('demo');
    const ids = new Map<Kind, string>();
    const text = join(project, 'text.ts');
    await writeFile(
      text,
      Array.from({ length: 300 }, (_, n) => `const line${n} = 'Grüße 你好 😀'; // ${n}\n`).join(''),
    );
    const shell = async (kind: Kind, ...args: string[]): Promise<void> => {
      ids.set(kind, (await house.create({ provider: 'shell', name: kind, cwd: project, args })).id);
    };
    const script = async (kind: Kind, body: string): Promise<void> => {
      const file = join(project, `${kind}.sh`);
      await writeFile(file, body);
      await shell(kind, 'bash', '--norc', file);
    };
    const agent = async (kind: Kind, provider: string, ...args: string[]): Promise<void> => {
      const id = await house.run('start', '-p', provider, '-d', project, '--name', kind, ...args);
      ids.set(kind, id);
      await house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
    };
    await shell('vim', 'vim', '-u', 'NONE', '-c', 'set nu hlsearch', text);
    await shell('less', 'less', '-N', text);
    await shell('htop', 'htop', '-d', '10');
    await script('torture', torture);
    await script('vttest', vttest);
    await agent('claude', 'claude-code');
    const settings = join(home.claudeDir, 'settings.json');
    const parsed: object = JSON.parse(await readFile(settings, 'utf8'));
    await writeFile(settings, JSON.stringify({ ...parsed, tui: 'default' }));
    await agent('claude-default', 'claude-code');
    await agent('codex', 'codex');
    await agent('codex-main', 'codex', '--', '--no-alt-screen');
    const sessions = new ScreenSessions(house, owned.move());
    for (const [kind, id] of ids) sessions.#ids.set(kind, id);
    return sessions;
  }

  id(kind: Kind): string {
    return this.#ids.get(kind) ?? '';
  }

  /** Waits until a viewer has tmux's size, cursor, text and looks of a session. */
  async expectSame(kind: Kind, look: () => Shown | Promise<Shown>): Promise<void> {
    await waitFor(
      `the viewer of ${kind} to show what tmux has`,
      async () => {
        const differing = await differences(this.house, this.id(kind), look);
        if (differing.length > 0) throw new Error(`size, cursor or lines differ:\n${differing.join('\n')}`);
        return true;
      },
      { timeout: 60_000, interval: 60 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Where a viewer shows something else than tmux, in words; empty where nothing differs. */
export async function differences(
  house: House,
  id: string,
  look: () => Shown | Promise<Shown>,
): Promise<string[]> {
  const target = `=codepiper-${id}:`;
  const format = '#{pane_width} #{pane_height} #{cursor_x} #{cursor_y}';
  const facts = await house.tmux('display-message', '-p', '-t', target, format);
  const [cols = 0, rows = 0, x = 0, y = 0] = facts.split(' ').map(Number);
  const captured = await house.tmux('capture-pane', '-e', '-N', '-p', '-t', target);
  // A cursor that waits to wrap is beyond the last column in one, and in it in the other.
  const tmuxs = [
    `${cols}x${rows}`,
    `${Math.min(x, cols - 1)},${y}`,
    ...(await dumpCapture(captured, cols, rows)),
  ];
  const shown = await look();
  const cursor = `${Math.min(shown.cursor.x, cols - 1)},${shown.cursor.y}`;
  const mine = [`${shown.cols}x${shown.rows}`, cursor, ...shown.lines];
  // What tmux does not tell: the background of a line on which nothing stands.
  const isOnlyGround = (line = '') => /^\{0,-1,[^}]*,000000000\}$/.test(line);
  return tmuxs.flatMap((line, at) =>
    line === mine[at] || (line === '' && isOnlyGround(mine[at])) ? [] : [`tmux ${line}\nhere ${mine[at]}`],
  );
}
