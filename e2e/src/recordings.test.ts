import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recording } from '@codepiper/core/recordings/recording.ts';
import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { sitDown } from '@codepiper/testkit/person.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import xterm from '@xterm/headless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let house: House;
beforeAll(async () => {
  house = await House.open({ env: { CODEPIPER_RECORDINGS_MAX_MEGABYTES: '1' } });
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

type CastEvent = [time: number, code: string, data: string];

/** A program that does what it is told line by line, without an echo: `say <text for printf %b>`. */
const puppet = 'stty -echo -icanon min 1; while IFS= read -r line; do printf "%b" "$line"; done';

async function start(name: string, script = puppet): Promise<string> {
  const { id } = await house.create({ provider: 'shell', name, args: ['bash', '-c', script] });
  await house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
  return id;
}

/** Has the puppet print something. */
const say = (id: string, text: string) =>
  house.tmux('send-keys', '-t', `codepiper-${id}:`, '-l', `${text}\n`);

async function recording(id: string): Promise<Recording> {
  const { body } = await house.http('GET', `/sessions/${id}/recording`);
  return (body as { recording: Recording }).recording;
}

async function cast(
  id: string,
  query = '',
): Promise<{ header: Record<string, unknown>; events: CastEvent[] }> {
  const { status, text } = await house.http('GET', `/sessions/${id}/recording/cast${query}`);
  if (status !== 200) throw new Error(text);
  const [header, ...events] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { header: header as Record<string, unknown>, events: events as CastEvent[] };
}

/** Rows of the screen at the end of a recording, or of a part of it, as any player shows them. */
async function replayed(id: string, query = ''): Promise<string[]> {
  const { header, events } = await cast(id, query);
  const { width, height } = header;
  const player = new xterm.Terminal({ cols: Number(width), rows: Number(height), allowProposedApi: true });
  player.unicode.register(cellWidth);
  player.unicode.activeVersion = cellWidth.version;
  for (const [, code, data] of events) {
    if (code === 'o') await new Promise<void>((resolve) => player.write(data, resolve));
    const size = code === 'r' ? /^(\d+)x(\d+)$/.exec(data) : null;
    if (size) player.resize(Number(size[1]), Number(size[2]));
  }
  const { active } = player.buffer;
  const rows = Array.from(
    { length: player.rows },
    (_, row) =>
      active
        .getLine(active.baseY + row)
        ?.translateToString(true)
        .trimEnd() ?? '',
  );
  player.dispose();
  return rows;
}

async function captured(id: string): Promise<string[]> {
  const text = await house.tmux('capture-pane', '-p', '-t', `codepiper-${id}:`);
  return text.split('\n').map((line) => line.trimEnd());
}

const sizeOf = (id: string) =>
  house.tmux('display-message', '-p', '-t', `codepiper-${id}:`, '#{pane_width}x#{pane_height}');

/** Both as text, without empty rows at the end. */
async function expectSame(id: string, query = ''): Promise<void> {
  await waitFor('recording and pane to show the same', async () => {
    const [ours, theirs] = [await replayed(id, query), await captured(id)];
    expect(ours.join('\n').trimEnd()).toBe(theirs.join('\n').trimEnd());
    return true;
  });
}

const textOf = (events: readonly CastEvent[]) =>
  events
    .slice(1)
    .filter(([, code]) => code === 'o')
    .map(([, , data]) => data)
    .join('');

describe('a recording', () => {
  it('has every line of a flood, in any script, and ends with the screen of the pane', async () => {
    const id = await start(
      'flood',
      'read go; for i in $(seq 20000); do echo "n$i 漢字 é 🙂"; done; echo END; sleep 1000',
    );
    // What was printed before stands in its first picture, not line by line.
    await waitFor('its recording to begin', async () => (await recording(id)).segments.length > 0);
    await say(id, 'go');
    await waitFor('the end', async () => (await captured(id)).includes('END'));
    const { events } = await waitFor('all of it', async () => {
      const whole = await cast(id);
      return textOf(whole.events).includes('END') && whole;
    });
    const numbers = [...textOf(events).matchAll(/n(\d+) 漢字 é 🙂\r\n/g)].map(([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
    await expectSame(id);
  });

  it('follows resizes and both screens, and begins anywhere with the screen of then', async () => {
    const id = await start('screens');
    await say(id, 'main screen\\r\\n');
    const before = await waitFor('a moment behind the text', async () => {
      await say(id, 'further\\r\\n');
      return (await recording(id)).to;
    });
    await say(id, '\\033[?1049h\\033[2;3Hother \\033[31mscreen');
    await waitFor('the other screen', async () => (await captured(id))[1] === '  other screen');
    await house.run('resize', id, '70', '12');
    await waitFor('the size', async () => (await sizeOf(id)) === '70x12');
    await say(id, '\\033[12;1Hlast row');
    await expectSame(id);
    await expectSame(id, '?from=99999');
    await house.run('resize', id, '90', '20');
    await waitFor('the size', async () => (await sizeOf(id)) === '90x20');
    await expectSame(id);
    const { events } = await cast(id, `?from=${before}`);
    expect(events[0]?.[2]).toContain('main screen');
    expect(events.filter(([, code]) => code === 'r').map(([, , size]) => size)).toContain('70x12');
  });

  it('is read after a daemon was killed, and goes on behind a gap with the next one', async () => {
    const id = await start('killed', 'i=0; while :; do echo "tick $i"; i=$((i+1)); sleep 0.02; done');
    const ticksOf = (part: readonly CastEvent[]) =>
      [...textOf(part).matchAll(/tick (\d+)\r\n/g)].map(([, n]) => Number(n));
    await waitFor(
      'some of it',
      async () => (await recording(id)).to > 1 && (await cast(id)).events.length > 15,
    );
    await house.halt('SIGKILL');
    const [file = ''] = await readdir(join(house.home, 'recordings', id));
    expect(file).toBe('1.cast');
    await house.start();
    await waitFor('the next segment', async () => (await recording(id)).segments.length > 1);
    const { events, gap } = await waitFor('more of it', async () => {
      const whole = await cast(id);
      const at = whole.events.findIndex(([, code, data]) => code === 'm' && data === 'gap');
      return ticksOf(whole.events.slice(at + 1)).length > 20 && { events: whole.events, gap: at };
    });
    const { segments } = await recording(id);
    expect(segments.map(({ gap: isBehindGap }) => isBehindGap)).toEqual([false, true]);
    expect(gap).toBeGreaterThan(10);
    // On both sides of it nothing is missing.
    for (const part of [events.slice(0, gap), events.slice(gap + 1)]) {
      const ticks = ticksOf(part);
      expect(ticks.length).toBeGreaterThan(3);
      expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index));
    }
    expect(await readdir(join(house.home, 'recordings', id))).toContain('1.cast.gz');
    await house.run('kill', id);
  });

  it('stays within its size: the oldest goes first', async () => {
    const id = await start('large', 'head -c 12000000 /dev/urandom | base64; echo; echo THE END; sleep 1000');
    await waitFor('the end', async () => (await captured(id)).includes('THE END'), { timeout: 60_000 });
    const after = await waitFor('the oldest to go', async () => {
      const now = await recording(id);
      return now.from > 0 && now;
    });
    // And what is not packed yet.
    expect(after.bytes).toBeLessThan(2_000_000);
    await house.run('kill', id);
    await waitFor('the last segment to be packed', async () => (await recording(id)).bytes <= 1_000_000);
    const { events } = await cast(id);
    expect(events.map(([, , data]) => data).join('')).toContain('THE END');
  });

  it('marks turns, and begins with one', async () => {
    const { id } = await house.create({ provider: 'shell', name: 'turns', args: ['bash', '--norc'] });
    await house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    await house.run('send', id, 'echo first');
    await house.run('send', id, 'echo second');
    await waitFor('the turns', async () => {
      const { markers } = await recording(id);
      expect(markers.map(({ label }) => label)).toEqual(['turn 1', 'turn 2']);
      return true;
    });
    await waitFor('the text behind them', async () =>
      expect(await house.run('replay', id, '--at', 'turn 2')).toMatch(/first[\s\S]*echo second/),
    );
    const { stderr } = await house.cli(['replay', id, '--at', 'turn 3']);
    expect(stderr).toContain('has no turn 3; it has 1 to 2');
  });

  it('is switched by a person alone, and not made where nobody wants it', async () => {
    const { id } = await house.create({
      provider: 'shell',
      name: 'private',
      record: false,
      args: ['bash', '--norc'],
    });
    await house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    await house.run('send', id, 'echo "a secret"');
    expect(await recording(id)).toMatchObject({ on: false, startedAt: null, segments: [] });
    expect(existsSync(join(house.home, 'recordings', id))).toBe(false);
    expect(await house.run('show', id)).toMatch(/recording +off/);
    // A program of the session is no person.
    await house.run('send', id, 'codepiper record on private');
    await waitFor('the refusal', async () => (await house.screen(id)).includes('Only a person may do this'));
    await house.run('record', 'on', id);
    await house.run('send', id, 'echo "no secret"');
    await waitFor('what came then', async () => textOf((await cast(id)).events).includes('no secret'));
    await house.run('record', 'off', id);
    const { to } = await recording(id);
    await house.run('send', id, 'echo "another secret"');
    expect(await recording(id)).toMatchObject({ on: false, to });
    const path = join(house.home, 'recordings', id);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(path)) expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
    await house.run('record', 'delete', id);
    expect(existsSync(path)).toBe(false);
  });

  it('goes with its session', async () => {
    const { id } = await house.create({ provider: 'shell', args: ['echo', 'last words'] });
    await house.until(id, 'ended', ({ endedAt }) => endedAt !== null);
    await waitFor('the words', async () => {
      const { events } = await cast(id);
      return `${events[0]?.[2]}${textOf(events)}`.includes('last words');
    });
    await house.run('rm', id);
    await waitFor('the files to go', () => !existsSync(join(house.home, 'recordings', id)));
  });

  it('is exported for other players and as text', async () => {
    const { id } = await house.create({
      provider: 'shell',
      args: ['sh', '-c', 'sleep 0.3; echo one; echo two'],
    });
    await house.until(id, 'ended', ({ endedAt }) => endedAt !== null);
    await waitFor('all of it', async () => textOf((await cast(id)).events).includes('two'));
    const file = join(await house.workDirectory(), 'out.cast');
    await house.run('record', 'export', id, '-o', file, '--format', 'v3');
    const [header = ''] = (await readFile(file, 'utf8')).split('\n');
    expect(JSON.parse(header)).toMatchObject({ version: 3, term: { cols: 120, rows: 30 } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await house.run('record', 'export', id, '--format', 'txt')).toBe('one\ntwo');
  });
});

describe('replay at a terminal', () => {
  it('plays, pauses, seeks, and leaves the terminal as it was', async () => {
    const id = await start(
      'played',
      'for i in 1 2 3 4 5 6 7 8; do echo "second $i"; sleep 0.4; done; printf "\\033[?1003h\\033[5n"; sleep 1000',
    );
    await waitFor('all of it', async () => (await captured(id)).includes('second 8'));
    await using person = sitDown([process.execPath, builtCli, 'replay', id, '--speed', '0.5'], {
      cwd: await house.workDirectory(),
      env: house.env,
      cols: 100,
      rows: 24,
    });
    await person.waitForText(/second 2/);
    person.type(' ');
    await person.waitForText(/paused/);
    expect(person.screen()).not.toContain('second 8');
    person.press('right');
    await person.waitForText(/second 8[\s\S]*(end|paused)/);
    person.press('left');
    await waitFor('the beginning', () => !person.screen().includes('second 4'));
    person.type('q');
    expect(await person.exit).toMatchObject({ code: 0 });
    // What the program asked its terminal was not asked of this one.
    expect(person.output()).not.toContain('\x1b[5n');
    expect(person.output()).toContain('\x1b[?1049l');
  });
});
