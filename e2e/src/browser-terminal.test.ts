import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { launchBrowser, openPage } from '@codepiper/testkit/browser.ts';
import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { badge, dumpCapture, dumpPage } from './browser.ts';
import { Cable } from './cable.ts';

let house: House;
let browser: Browser;
let cable: Cable;
let port = 0;
const opened: { page: Page; complaints: string[] }[] = [];

const findPort = async () => {
  port = ((await house.http('GET', '/health')).body as { insecureDev: number }).insecureDev;
};
beforeAll(async () => {
  house = await House.open({ env: { CODEPIPER_INSECURE_DEV: '0' } });
  await findPort();
  cable = await Cable.lay(() => port);
  browser = await launchBrowser({ hasGraphics: true });
});
afterEach(async () => {
  for (const { page, complaints } of opened.splice(0)) {
    await page.context().close();
    expect(complaints).toEqual([]);
  }
});
afterAll(async () => {
  await browser?.close();
  await cable?.[Symbol.asyncDispose]();
  await house?.[Symbol.asyncDispose]();
});

async function open(session: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
  const seen = await openPage(browser, `http://127.0.0.1:${cable.port}/?session=${session}`, options);
  opened.push(seen);
  await badge(seen.page, 'live');
  return seen.page;
}

/** Browsers complain of connections that cannot be made, whatever the page does about it. Other complaints stay. */
function forgiveTheNetwork(): void {
  for (const seen of opened) {
    const others = seen.complaints.filter(
      (text) => !/net::ERR_|WebSocket connection to .* failed/.test(text),
    );
    seen.complaints.splice(0, Infinity, ...others);
  }
}

async function start(name: string, script: string): Promise<string> {
  const file = join(await house.workDirectory(), `${name}.sh`);
  await writeFile(file, script);
  const { id } = await house.create({ provider: 'shell', name, args: ['bash', '--norc', file] });
  await house.until(id, 'running', ({ status }) => status === 'running');
  return id;
}

const paneOf = (id: string) =>
  house.tmux('list-panes', '-a', '-F', '#{session_name} #{pane_id}').then((text) => {
    const line = text.split('\n').find((entry) => entry.includes(id));
    return line?.split(' ').at(-1) ?? '';
  });

/** Text and looks of the browser's screen are those that tmux has. */
async function expectSame(page: Page, id: string): Promise<string[]> {
  const pane = await paneOf(id);
  return waitFor('the browser to show what tmux has', async () => {
    const size = await house.tmux('display-message', '-p', '-t', pane, '#{pane_width} #{pane_height}');
    const [cols = 0, rows = 0] = size.split(' ').map(Number);
    const captured = await house.tmux('capture-pane', '-e', '-p', '-t', pane);
    const mine = await dumpPage(page);
    expect(mine).toEqual(await dumpCapture(captured, cols, rows));
    return mine;
  });
}

const torture = String.raw`
for i in $(seq 1 200); do echo "history line $i"; done
for i in $(seq 1 3000); do printf '%0100d\n' $i; done
printf '\e[1mbold\e[0m \e[2mdim\e[0m \e[3mitalic\e[0m \e[4munder\e[0m \e[7minverse\e[0m \e[9mstruck\e[0m\n'
printf '\e[38;5;208morange\e[0m \e[48;2;10;60;120mtrue\e[0m \e[93;41mbright\e[0m \e[48;5;22m   \e[0m|\n'
printf '漢字 ひらがな 한글 😀😃 👍🏽 🇩🇪 👨‍👩‍👧 ❤️ e\xcc\x81 ﷽|\n'
printf '┌──┐ ░▒▓█ ⣿⠋ ﬀ \ue0b0|\n'
printf '%.0sx' $(seq 1 300); printf '\n'
printf '%.0s漢' $(seq 1 130); printf '\n'
printf 'a\tb\tc\n'
printf '\e]8;;https://example.com/\e\\link\e]8;;\e\\ end\n'
exec bash --norc -i
`;

it('shows what tmux has, text and looks, with the history above it', async () => {
  const id = await start('torture', torture);
  const page = await open(id);
  const lines = await expectSame(page, id);
  expect(lines.join('\n')).toContain('漢字');
  const history = await page.evaluate(() => {
    const { active } = window.codepiperTerminal.buffer;
    return Array.from({ length: active.baseY }, (_, row) => active.getLine(row)?.translateToString(true));
  });
  expect(history).toContain('history line 1');
  expect(history.filter((line) => line === 'history line 100')).toHaveLength(1);
});

it('types once what is typed, also by an input method and as a paste', async () => {
  const id = await start('typing', String.raw`printf '\e[?2004h'; exec cat -v`);
  const page = await open(id);
  await page.keyboard.type('plain text');
  await page.keyboard.press('Enter');
  await page.keyboard.insertText('käse');
  await page.keyboard.press('Enter');
  // Timers come late, as in a page that is busy: the key behind the text is there before them.
  await page.evaluate(() => {
    const { setTimeout } = window;
    window.setTimeout = ((run: () => void, ms = 0) => setTimeout(run, ms + 100)) as typeof window.setTimeout;
  });
  const devices = await page.context().newCDPSession(page);
  for (const text of ['に', 'にほ', 'にほん']) {
    await devices.send('Input.imeSetComposition', {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
  }
  await devices.send('Input.insertText', { text: '日本' });
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+KeyB');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await waitFor('the echo', async () => expect(await house.screen(id)).toContain('^B^[[A'));
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'one\ntwo\u001b[201~three');
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('.xterm-helper-textarea')?.dispatchEvent(event);
  });
  await waitFor('the paste', async () => expect(await house.screen(id)).toMatch(/\^\[\[201~/));
  const screen = await house.screen(id);
  expect(screen.match(/plain text/g)).toHaveLength(2);
  expect(screen).toContain('kM-CM-$se');
  // As it was chosen, once, and nothing of the way there.
  expect(screen.match(/日本/g)).toHaveLength(1);
  expect(screen).not.toContain('に');
  expect(screen.match(/\^\[\[200~one/g)?.length).toBeGreaterThan(0);
  // The end of the brackets stands behind the whole paste, and nowhere before.
  expect(screen).not.toContain('two^[[201~');
  await expectSame(page, id);
});

it('answers nothing that a program asks: tmux has', async () => {
  const id = await start(
    'asking',
    String.raw`stty -echo raw; printf 'ready'; read -r -n1; printf '\e[c\e[>c\e[6n\e[5n\eP$qm\e\\'; exec cat -v`,
  );
  const page = await open(id);
  await waitFor('the program', async () => expect(await house.screen(id)).toContain('ready'));
  await page.keyboard.press('x');
  await waitFor('the answer', async () => expect(await house.screen(id)).toMatch(/\^\[\[\?[\d;]*c/));
  // The page has read the questions too, so what it would answer comes before what is typed now.
  await expectSame(page, id);
  await page.keyboard.type('END');
  await waitFor('the end', async () => expect(await house.screen(id)).toContain('END'));
  const answers = (await house.screen(id)).match(/\^\[\[\?[\d;]*c/g) ?? [];
  expect(answers).toHaveLength(1);
});

it('goes on after the network was away: nothing is lost, nothing comes twice', async () => {
  const id = await start('network', 'exec bash --norc -i');
  const page = await open(id);
  await page.keyboard.type('echo before');
  await page.keyboard.press('Enter');
  await expectSame(page, id);
  cable.cut();
  await badge(page, 'reconnecting');
  // The picture stays.
  expect((await dumpPage(page)).join('\n')).toContain('before');
  await page.keyboard.type('echo "typed $((6*7)) meanwhile"');
  await page.keyboard.press('Enter');
  await house.cli(['send', id, 'echo from elsewhere']);
  cable.mend();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await badge(page, 'live');
  await waitFor('what was typed', async () => expect(await house.screen(id)).toContain('typed 42 meanwhile'));
  expect((await house.screen(id)).match(/^typed 42 meanwhile$/gm)).toHaveLength(1);
  await expectSame(page, id);
  forgiveTheNetwork();
});

it('comes back after the daemon did', async () => {
  const id = await start('restart', torture);
  const page = await open(id);
  await expectSame(page, id);
  // Whatever is drawn from now on: is there anything on it?
  await page.evaluate(() => {
    const { codepiperTerminal: terminal } = window;
    window.drawn = [];
    terminal.onRender(() => {
      const { active } = terminal.buffer;
      const lines = Array.from({ length: terminal.rows }, (_, row) =>
        active.getLine(active.baseY + row)?.translateToString(true),
      );
      window.drawn.push(lines.some((line) => line?.includes('orange')));
    });
  });
  await house.halt();
  await badge(page, 'reconnecting');
  await house.start();
  await findPort();
  // The snapshot comes in pieces, some frames apart.
  cable.worsen({ bytesPerSecond: 1_600_000 });
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await badge(page, 'live');
  await page.keyboard.type('echo still here');
  await page.keyboard.press('Enter');
  await waitFor('the echo', async () => expect(await house.screen(id)).toMatch(/^still here$/m));
  await expectSame(page, id);
  const drawn = await waitFor('frames', async () => {
    const frames = await page.evaluate(() => window.drawn);
    return frames.length > 0 && frames;
  });
  expect(drawn).not.toContain(false);
  cable.worsen(null);
  forgiveTheNetwork();
});

it('decides the size when asked to, follows otherwise, and a phone never shrinks the desk', async () => {
  const id = await start('size', 'exec bash --norc -i');
  const pane = await paneOf(id);
  const size = () => house.tmux('display-message', '-p', '-t', pane, '#{pane_width}x#{pane_height}');
  const before = await size();
  const page = await open(id);
  const phone = await open(id, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  expect(await size()).toBe(before);
  await page.getByRole('button', { name: /fit it to this window/ }).click();
  await waitFor('the pane to fit', async () => expect(await size()).not.toBe(before));
  const fitted = await size();
  await page.setViewportSize({ width: 900, height: 600 });
  await waitFor('the pane to follow', async () => expect(await size()).not.toBe(fitted));
  await expectSame(page, id);
  await expectSame(phone, id);
  const grid = () => page.evaluate(() => `${window.codepiperTerminal.cols}x${window.codepiperTerminal.rows}`);
  await waitFor('the grid', async () => expect(await grid()).toBe(await size()));
  // The whole width can be seen on the phone.
  await waitFor('the whole width', () =>
    phone.evaluate(
      () =>
        (document.querySelector('.xterm-screen')?.getBoundingClientRect().right ?? Infinity) <= innerWidth,
    ),
  );
  await phone.getByRole('button', { name: 'Esc' }).waitFor();
  // Or some of it, in letters that can be read without a glass, with the rest to the side.
  const font = () => phone.evaluate(() => window.codepiperTerminal.options.fontSize);
  await waitFor('small letters', async () => expect(await font()).toBeLessThan(11));
  await phone.getByRole('button', { name: 'Letters that can be read' }).click();
  await waitFor('larger letters', async () => expect(await font()).toBe(11));
  const isWider = () =>
    phone.evaluate(() => {
      const room = document.querySelector('.terminal-host')?.parentElement;
      room?.scrollTo({ left: 10_000 });
      return (room?.scrollLeft ?? 0) > 100;
    });
  await waitFor('more than there is room for', isWider);
  await phone.getByRole('button', { name: 'Letters that can be read' }).click();
  await waitFor('as much as there is room for', async () => !(await isWider()));
  await expectSame(phone, id);
});

it('stays the same through a full-screen program, a storm of sizes, and a lost network', async () => {
  const id = await start('full-screen', 'seq 1 500; LESS= less -N "$0"; exec bash --norc -i');
  const page = await open(id);
  await expectSame(page, id);
  await page.getByRole('button', { name: /fit it to this window/ }).click();
  for (const [width, height] of [
    [700, 500],
    [1200, 900],
    [500, 300],
    [1000, 700],
  ] as const) {
    await page.setViewportSize({ width, height });
    await expectSame(page, id);
  }
  for (let i = 0; i < 12; i++)
    await page.setViewportSize({ width: 600 + i * 40, height: 400 + (i % 3) * 120 });
  await expectSame(page, id);
  cable.cut();
  await badge(page, 'reconnecting');
  cable.mend();
  await badge(page, 'live');
  // A picture from tmux has the main screen behind in the size it had: tmux lays it out anew when the program leaves.
  await page.reload();
  await badge(page, 'live');
  await expectSame(page, id);
  await page.keyboard.press('q');
  await waitFor('the prompt', async () => expect(await house.screen(id)).toMatch(/bash-[\d.]+[#$]/));
  await expectSame(page, id);
  forgiveTheNetwork();
});

it('only watches when told so', async () => {
  const id = await start('watching', 'exec cat');
  const page = await open(id);
  await page.getByRole('button', { name: 'Only watch' }).click();
  await page.getByRole('button', { name: 'Take over and type' }).waitFor();
  await badge(page, 'live');
  await page.locator('.terminal-host').click();
  await page.keyboard.type('not this');
  // What is typed before the daemon has agreed is not lost.
  cable.hold();
  await page.getByRole('button', { name: 'Take over and type' }).click();
  await page.locator('.terminal-host').click();
  await page.keyboard.type('but this');
  cable.letGo();
  await waitFor('what was typed', async () => expect(await house.screen(id)).toContain('but this'));
  expect(await house.screen(id)).not.toContain('not this');
});

it('scrolls back, says so, finds, and marks a text that stays marked', async () => {
  const id = await start(
    'scroll',
    'for i in $(seq 1 300); do echo "line $i"; done; while sleep 0.2; do date +%N; done',
  );
  const page = await open(id);
  // There is nothing to scroll before the picture is drawn.
  await waitFor('the history', () => page.evaluate(() => window.codepiperTerminal.buffer.active.baseY > 200));
  await page.locator('.xterm-screen').hover();
  await page.mouse.wheel(0, -2000);
  await page.getByRole('button', { name: 'history' }).waitFor();
  await page.keyboard.press('Control+Shift+KeyF');
  await page.getByRole('searchbox').fill('line 150');
  await page.getByText('1 of 1').waitFor();
  const marked = () => page.evaluate(() => window.codepiperTerminal.getSelection());
  await waitFor('the mark', async () => expect(await marked()).toBe('line 150'));
  const length = () => page.evaluate(() => window.codepiperTerminal.buffer.active.length);
  const then = await length();
  await waitFor('more output', async () => expect(await length()).toBeGreaterThan(then));
  expect(await marked()).toBe('line 150');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'history' }).click();
  await badge(page, 'live');
});

it.each([
  [2, false],
  [2.625, true],
  [3, true],
])(
  'draws the whole picture on glass with %f pixels for each of the page',
  async (deviceScaleFactor, isMobile) => {
    const id = await start(
      `glass-${deviceScaleFactor * 1000}`,
      'for i in $(seq 1 200); do echo "line $i"; done; exec bash --norc -i',
    );
    const page = await open(id, { viewport: { width: 412, height: 800 }, deviceScaleFactor, isMobile });
    await expectSame(page, id);
    await waitFor('a canvas with the pixels of the glass', () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>('.xterm-screen canvas')].every(
          ({ width, height, clientWidth, clientHeight }) =>
            Math.abs(width - clientWidth * devicePixelRatio) < 2 &&
            Math.abs(height - clientHeight * devicePixelRatio) < 2,
        ),
      ),
    );
  },
);

it('draws on when the graphics card is taken away', async () => {
  const id = await start('graphics', 'exec bash --norc -i');
  const page = await open(id);
  await waitFor('a canvas, and to take its card away', () =>
    page.evaluate(() => {
      const canvases = [...document.querySelectorAll<HTMLCanvasElement>('.xterm-screen canvas')];
      const cards = canvases.flatMap(
        (canvas) => canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context') ?? [],
      );
      for (const card of cards) card.loseContext();
      return cards.length > 0;
    }),
  );
  await page.keyboard.type('echo $((6*7))');
  await page.keyboard.press('Enter');
  // Only the emulator's own renderer has rows of text.
  await page.locator('.xterm-rows > div', { hasText: /^42$/ }).waitFor();
});

it('says that a session has ended', async () => {
  const id = await start('ending', 'read -r; echo last words');
  const page = await open(id);
  await page.keyboard.press('Enter');
  await badge(page, 'ended');
  await waitFor('the words', async () => expect((await dumpPage(page)).join('\n')).toContain('last words'));
});

it("works over the daemon's own socket, as through ssh -L", async () => {
  const id = await start('socket', 'exec bash --norc -i');
  await using tunnel = await Cable.lay(() => house.socket);
  const seen = await openPage(browser, `http://localhost:${tunnel.port}/dev/terminal?session=${id}`);
  opened.push(seen);
  await badge(seen.page, 'live');
  await seen.page.keyboard.type('echo $((6*7))');
  await seen.page.keyboard.press('Enter');
  await waitFor('the echo', async () => expect(await house.screen(id)).toMatch(/^42$/m));
  await expectSame(seen.page, id);
});

it('serves on the port what the page needs and nothing else, to nobody under another name', async () => {
  const ask = async (
    method: string,
    path: string,
    host = `localhost:${port}`,
    more: Record<string, string> = {},
  ) => {
    const call = request({ host: '127.0.0.1', port, method, path, headers: { host, ...more } }).end();
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    reply.resume();
    return reply.statusCode;
  };
  expect(await ask('GET', '/health')).toBe(200);
  expect(await ask('GET', '/sessions')).toBe(200);
  expect(await ask('GET', '/?session=a')).toBe(302);
  expect(await ask('POST', '/sessions')).toBe(405);
  for (const path of [
    '/config',
    '/approvals',
    '/policies',
    '/events/stream',
    '/daemon/stop',
    '/etc/passwd',
  ]) {
    expect([path, await ask('GET', path)]).toEqual([path, 404]);
  }
  for (const path of ['/sessions', '/dev/terminal/', '/health']) {
    expect([path, await ask('GET', path, 'evil.example')]).toEqual([path, 403]);
  }
  const socket = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  expect(
    await ask('GET', '/terminals/ws', `localhost:${port}`, { ...socket, origin: 'http://evil.example' }),
  ).toBe(403);
  expect(
    await ask('GET', '/terminals/ws', 'evil.example', { ...socket, origin: 'http://evil.example' }),
  ).toBe(403);
});

it('a port that is taken is named, and the daemon does not start', async () => {
  await using second = await House.build({ env: { CODEPIPER_INSECURE_DEV: String(port) } });
  const { code, stderr } = await second.cli(['daemon', 'start']);
  expect(code).toBe(1);
  expect(stderr).toContain(`Port ${port} of 127.0.0.1 is in use by another program`);
});

declare global {
  interface Window {
    drawn: (boolean | undefined)[];
  }
}
